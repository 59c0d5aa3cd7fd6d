import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** A CA and a certificate of it for 127.0.0.1. */
export function makeCertificates(dir: string): void {
  const openssl = (...args: string[]): void => void execFileSync("openssl", args, { cwd: dir, stdio: "pipe" });
  writeFileSync(join(dir, "san.cnf"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test CA", "-days", "2");
  openssl("req", ...newKey, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=redis");
  const signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "san.cnf"];
  openssl("x509", "-req", "-in", "server.csr", "-out", "server.pem", ...signing);
}

/** A real redis-server on loopback with a password, which keeps nothing on disk. */
export class RedisServer {
  readonly password = "a-password-of-the-test";
  private child: ChildProcess | undefined;

  private constructor(
    private readonly dir: string,
    readonly port: number,
    private readonly tls: boolean,
  ) {}

  static async start({ tls = false } = {}): Promise<RedisServer> {
    const dir = mkdtempSync(join(tmpdir(), "tokenrack-redis-"));
    if (tls) makeCertificates(dir);
    const redis = new RedisServer(dir, await freePort(), tls);
    writeFileSync(redis.passwordFile, `${redis.password}\n`, { mode: 0o600 });
    await redis.run();
    return redis;
  }

  get url(): string {
    return `${this.tls ? "rediss" : "redis"}://127.0.0.1:${this.port}`;
  }

  get passwordFile(): string {
    return join(this.dir, "password");
  }

  get caFile(): string {
    return join(this.dir, "ca.pem");
  }

  /** Starts it (again), empty, on the same port. */
  async run(): Promise<void> {
    const certificates = [
      "--tls-cert-file",
      "server.pem",
      "--tls-key-file",
      "server.key",
      "--tls-ca-cert-file",
      "ca.pem",
    ];
    const port = String(this.port);
    const ports = this.tls
      ? ["--port", "0", "--tls-port", port, "--tls-auth-clients", "no", ...certificates]
      : ["--port", port];
    // The password comes by stdin: a command line is for everybody to read.
    const child = spawn("redis-server", ["-", "--bind", "127.0.0.1", ...ports], { cwd: this.dir });
    child.stdin.end(`requirepass ${this.password}\nsave ""\nappendonly no\ndir ${this.dir}\n`);
    let text = "";
    const ready = new Promise<void>((resolve, reject) => {
      child.stdout.on("data", (part) => {
        text += String(part);
        if (text.includes("Ready to accept connections")) resolve();
      });
      child.once("error", reject).once("exit", () => reject(new Error(`redis-server did not start: ${text}`)));
    });
    await ready;
    this.child = child;
  }

  signal(name: "SIGSTOP" | "SIGCONT"): void {
    this.child?.kill(name);
  }

  async kill(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
