import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * A stand-in for the engine, run as a process of its own: `engine.ts [slots]`. It answers at most `slots` requests at a time and
 * lets the others wait, as an engine with that many sequences does. Each request says in `bench` how long it takes.
 */
interface Work {
  /** Milliseconds before the answer, holding a slot. */
  readonly delayMs?: number;
  /** Chunks of a stream, and milliseconds before each. */
  readonly chunks?: number;
  readonly chunkEveryMs?: number;
}

const slots = Number(process.argv[2] ?? "100000");
let busy = 0;
const waiting: (() => void)[] = [];

async function inSlot(work: () => Promise<void>): Promise<void> {
  if (busy >= slots) await new Promise<void>((turn) => waiting.push(turn));
  else busy += 1;
  try {
    await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else busy -= 1;
  }
}

const USAGE = { prompt_tokens: 5, total_tokens: 8, completion_tokens: 3 };
const ANSWER = JSON.stringify({
  id: "gen-1",
  object: "chat.completion",
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "Hello there." }, finish_reason: "stop" }],
  usage: USAGE,
});
const CHUNK = `data: ${JSON.stringify({ id: "gen-1", object: "chat.completion.chunk", choices: [{ index: 0, delta: { content: "word " } }] })}\n\n`;

async function answer(work: Work, isStream: boolean, res: ServerResponse): Promise<void> {
  if (work.delayMs) await sleep(work.delayMs);
  if (!isStream) {
    res.writeHead(200, { "content-type": "application/json", "content-length": ANSWER.length }).end(ANSWER);
    return;
  }
  res.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
  for (let i = 0; i < (work.chunks ?? 3) && !res.destroyed; i += 1) {
    if (work.chunkEveryMs) await sleep(work.chunkEveryMs);
    res.write(CHUNK);
  }
  res.end("data: [DONE]\n\n");
}

const server = createServer((request, res) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    const text = Buffer.concat(parts).toString("utf8");
    const body = JSON.parse(text === "" ? "{}" : text) as { stream?: boolean; bench?: Work };
    void inSlot(() => answer(body.bench ?? {}, body.stream === true, res));
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`engine listening on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
