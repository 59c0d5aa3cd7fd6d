import assert from "node:assert/strict";
import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import fc from "fast-check";
import { EventFilter, isUsageEvent } from "../../gateway/sse";
import { CHAT, startRig, type Rig } from "./harness";

const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const USAGE = event({ id: "1", choices: [], usage: { prompt_tokens: 5, completion_tokens: 3 } });

describe("the filter of events", () => {
  const run = (text: string, cuts: readonly number[]): string => {
    const filter = new EventFilter(isUsageEvent);
    const bytes = Buffer.from(text);
    const edges = [0, ...[...cuts].map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
    const parts = edges.slice(1).map((edge, i) => filter.push(bytes.subarray(edges[i], edge)));
    return Buffer.concat([...parts, filter.end()]).toString();
  };

  it("drops the usage event and nothing else, wherever the network cuts (property)", () => {
    const words = fc.array(fc.oneof(fc.string({ unit: "grapheme" }), fc.constant('"usage":{"a":1},"choices":[]')));
    fc.assert(
      fc.property(words, fc.array(fc.nat()), fc.nat(), (contents, cuts, at) => {
        const events = contents.map((content) => event({ choices: [{ delta: { content } }] }));
        const with_ = [...events];
        with_.splice(at % (events.length + 1), 0, USAGE);
        assert.equal(run(`${with_.join("")}data: [DONE]\n\n`, cuts), `${events.join("")}data: [DONE]\n\n`);
      }),
    );
  });

  it("drops it too when lines end in CRLF, and keeps what a model says about usage", () => {
    assert.equal(run(`${USAGE}data: x\n\n`.replaceAll("\n", "\r\n"), []), "data: x\r\n\r\n");
    const quoted = event({ choices: [{ delta: { content: USAGE } }], usage: null });
    assert.equal(run(quoted, []), quoted);
    const last = event({ choices: [{ delta: {} }], usage: { prompt_tokens: 1 } });
    assert.equal(run(last, []), last);
  });

  it("passes an event on as soon as it is whole, and one that never ends as it comes", () => {
    const filter = new EventFilter(isUsageEvent);
    assert.equal(filter.push(Buffer.from("data: a\n\ndata: b")).toString(), "data: a\n\n");
    assert.equal(filter.push(Buffer.from("c\n\n")).toString(), "data: bc\n\n");
    assert.equal(filter.events, 2);
    const long = Buffer.alloc(1_100_000, "x");
    assert.equal(filter.push(long).length, long.length);
    assert.equal(filter.atBoundary, false);
  });
});

describe("a silent stream", () => {
  let rig: Rig;
  const open = async (): Promise<IncomingMessage> => {
    const request = httpRequest(`${rig.gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${await rig.token("root")}`, "content-type": "application/json" },
      agent: false,
    });
    request.end(JSON.stringify({ ...CHAT, stream: true }));
    const [response] = (await once(request, "response")) as [IncomingMessage];
    return response;
  };
  afterEach(() => rig.stop());

  it("gets comments between whole events, none of which a client takes for one, and goes on where it was", async () => {
    rig = await startRig({ engine: { commentEveryMs: 100 } });
    rig.upstream.behave = (exchange) => exchange.startStream();
    const arrived = rig.upstream.next();
    const response = await open();
    const exchange = await arrived;
    let text = "";
    response.on("data", (part) => (text += String(part)));
    const until = async (pattern: RegExp): Promise<void> => {
      while (!pattern.test(text)) await once(response, "data");
    };
    await until(/^: keep-alive\n\n: keep-alive\n\n/);
    exchange.chunk("one");
    await until(/"one".*\n\n: keep-alive\n\n$/s);
    // Half an event, silence, the other half: nothing may come in between.
    exchange.res.write('data: {"choices":[{"delta":{"content":"tw');
    await until(/"one".*\n\n(: keep-alive\n\n){3,}$/s);
    exchange.res.write('o"}}]}\n\n');
    await until(/\n\ndata: [^\n]*"two"[^\n]*\n\n/);
    const ended = once(response, "end");
    exchange.done();
    await ended;
    assert.match(text, /data: \[DONE\]\n\n$/);
    assert.equal(text.replaceAll(": keep-alive\n\n", "").match(/^data: /gm)?.length, 3);
  });

  it("outlives more silence than the idle times of proxies on the way, up to its own bound", async () => {
    // 180 s with 70 s of silence, 100 times faster: silence 0.7 s, a comment each 0.15 s, given up after 1.2 s.
    rig = await startRig({ engine: { commentEveryMs: 150, idleTimeoutMs: 1200 } });
    rig.upstream.behave = (exchange) => exchange.startStream();
    const arrived = rig.upstream.next();
    const response = await open();
    const exchange = await arrived;
    let text = "";
    response.on("data", (part) => (text += String(part)));
    const ended = once(response, "end");
    for (const [index, silenceMs] of [50, 700, 50, 500, 500].entries()) {
      exchange.chunk(`word${index}`);
      await new Promise((resolve) => setTimeout(resolve, silenceMs));
    }
    exchange.done();
    await ended;
    assert.equal(text.match(/"word\d"/g)?.length, 5);
    assert.match(text, /data: \[DONE\]\n\n$/);
    assert.ok((text.match(/: keep-alive/g)?.length ?? 0) >= 3);
  });
});
