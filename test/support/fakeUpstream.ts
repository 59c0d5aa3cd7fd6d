import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One generation request that reached the fake engine, and the means to answer it step by step. */
export class Exchange {
  /** Resolves when the response ended or its connection did. */
  readonly closed: Promise<void>;

  constructor(
    readonly path: string,
    readonly headers: IncomingHttpHeaders,
    readonly rawBody: string,
    readonly res: ServerResponse,
  ) {
    this.closed = once(res, "close").then(() => undefined);
  }

  get body(): Record<string, unknown> {
    return JSON.parse(this.rawBody) as Record<string, unknown>;
  }

  /** The connection ended before the answer did. */
  get aborted(): boolean {
    return this.res.destroyed && !this.res.writableFinished;
  }

  get isChat(): boolean {
    return this.path === "/v1/chat/completions";
  }

  startStream(): void {
    this.res.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    this.res.flushHeaders();
  }

  /** Sends one chunk of text. @returns false when the reader is behind */
  chunk(content: string): boolean {
    const choice = this.isChat ? { index: 0, delta: { content } } : { index: 0, text: content };
    return this.event({ id: "gen-1", object: this.object(".chunk"), model: this.body["model"], choices: [choice] });
  }

  event(value: unknown): boolean {
    return this.res.write(`data: ${JSON.stringify(value)}\n\n`);
  }

  /** Ends a stream as vLLM does, with usage when it was asked for. */
  done(completionTokens = 3): void {
    const options = this.body["stream_options"] as { include_usage?: boolean } | undefined;
    if (options?.include_usage)
      this.event({ id: "gen-1", object: this.object(".chunk"), choices: [], usage: usage(completionTokens) });
    this.res.end("data: [DONE]\n\n");
  }

  /** Answers without streaming. */
  complete(content = "Hello there."): void {
    const message = { role: "assistant", content };
    const choice = { index: 0, finish_reason: "stop", ...(this.isChat ? { message } : { text: content }) };
    this.json(200, {
      id: "gen-1",
      object: this.object(""),
      created: 1,
      model: this.body["model"],
      choices: [choice],
      usage: usage(3),
    });
  }

  json(status: number, value: unknown): void {
    const text = JSON.stringify(value);
    this.res
      .writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) })
      .end(text);
  }

  private object(suffix: string): string {
    return this.isChat ? `chat.completion${suffix}` : "text_completion";
  }
}

function usage(completionTokens: number): Record<string, number> {
  return { prompt_tokens: 5, total_tokens: 5 + completionTokens, completion_tokens: completionTokens };
}

/** How a request is answered. */
export type Behaviour = (exchange: Exchange) => void;

/** Answers at once and well. */
export const well: Behaviour = (exchange) => {
  if (exchange.path === "/v1/embeddings") {
    const data = [{ object: "embedding", index: 0, embedding: [0.1, 0.2] }];
    exchange.json(200, {
      object: "list",
      data,
      model: exchange.body["model"],
      usage: { prompt_tokens: 5, total_tokens: 5 },
    });
  } else if (exchange.body["stream"] === true) {
    exchange.startStream();
    for (const text of ["Hel", "lo", "."]) exchange.chunk(text);
    exchange.done();
  } else exchange.complete();
};

/** Accepts and never answers: an engine that hangs while its HTTP side lives. */
export const wedged: Behaviour = () => undefined;

/** Answers with a status and a body. */
export const status =
  (code: number, body: unknown): Behaviour =>
  (exchange) =>
    exchange.json(code, body);

/** Lets the test answer, through `next()`. */
export const byHand: Behaviour = () => undefined;

/** An OpenAI-shaped engine on loopback. It records every generation request and answers as it is told to. */
export class FakeUpstream {
  readonly exchanges: Exchange[] = [];
  behave: Behaviour = well;
  models = ["small", "large", "org/name-7B"];
  private waiting: ((exchange: Exchange) => void)[] = [];

  private constructor(private readonly server: Server) {}

  static async start(port = 0): Promise<FakeUpstream> {
    const server = createServer();
    const upstream = new FakeUpstream(server);
    server.keepAliveTimeout = 5000;
    server.on("request", (request, res) => {
      if (request.url === "/v1/models") {
        const data = upstream.models.map((id) => ({ id, object: "model", owned_by: "test" }));
        res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ object: "list", data }));
        return;
      }
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const body = Buffer.concat(parts).toString("utf8");
        upstream.receive(new Exchange(request.url ?? "", request.headers, body, res));
      });
    });
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return upstream;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The next request that arrives after this call. */
  next(): Promise<Exchange> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  get last(): Exchange {
    const last = this.exchanges.at(-1);
    if (!last) throw new Error("the upstream received no request");
    return last;
  }

  async close(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, "close");
  }

  private receive(exchange: Exchange): void {
    this.exchanges.push(exchange);
    this.behave(exchange);
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve(exchange);
  }
}
