/** Stands before an sshd and looks how far each client went, by the packets that are not encrypted yet. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** After it all packets are encrypted: the first of them asks for authentication. @see RFC 4253, 7.3 */
const newKeys = 21;

export class SshTap {
  /** Numbers of the messages that clients sent, one list a connection. @see RFC 4250, 4.1 */
  readonly connections: number[][] = [];
  private readonly sockets: Socket[] = [];

  private constructor(private readonly server: Server) {}

  /** Starts it on a free port. */
  static async start(target: number): Promise<SshTap> {
    const server = createServer();
    const tap = new SshTap(server);
    server.on("connection", (client) => tap.pass(client, connect(target, "127.0.0.1")));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return tap;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Whether any client went on to encryption, and so to authentication. */
  get passed(): boolean {
    return this.connections.some((messages) => messages.includes(newKeys));
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, "close");
  }

  private pass(client: Socket, sshd: Socket): void {
    this.sockets.push(client, sshd);
    const messages: number[] = [];
    this.connections.push(messages);
    let buffer = Buffer.alloc(0);
    let greeted = false;
    client.on("data", (part: Buffer) => {
      if (messages.includes(newKeys)) return;
      buffer = Buffer.concat([buffer, part]);
      if (!greeted) {
        const end = buffer.indexOf("\n");
        if (end < 0) return;
        greeted = true;
        buffer = buffer.subarray(end + 1);
      }
      // Length, length of the padding, message.
      while (buffer.length >= 6 && buffer.length >= 4 + buffer.readUInt32BE(0) && !messages.includes(newKeys)) {
        messages.push(buffer.readUInt8(5));
        buffer = buffer.subarray(4 + buffer.readUInt32BE(0));
      }
    });
    for (const [from, to] of [
      [client, sshd],
      [sshd, client],
    ] as const) {
      from.pipe(to);
      from.on("error", () => to.destroy());
    }
  }
}
