/** Stand-ins for Ray's dashboard and the gateway, over real HTTP on loopback. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A request as it came. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What to answer; undefined breaks the connection. */
export type Answerer = (request: Seen) => { status: number; body: unknown } | undefined;

export interface Fake {
  readonly port: number;
  readonly url: string;
  /** All requests so far. */
  readonly seen: Seen[];
  close(): Promise<void>;
}

/** Answers requests until `close`. */
export async function fake(answer: Answerer): Promise<Fake> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const one = { method: request.method ?? "", path: request.url ?? "", headers: request.headers, body };
      seen.push(one);
      const reply = answer(one);
      if (reply === undefined) response.destroy();
      else response.writeHead(reply.status, { "content-type": "application/json" }).end(JSON.stringify(reply.body));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  };
  return { port, url: `http://127.0.0.1:${port}`, seen, close };
}

/** Serve's report on one application. */
export const application = (
  status: string,
  message = "",
  deployments: object = {},
): { status: number; body: unknown } => ({
  status: 200,
  body: { applications: { llm: { status, message, deployments } } },
});
