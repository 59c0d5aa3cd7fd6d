import assert from "node:assert/strict";
import { ModelRoutes } from "../../gateway/modelRoutes";
import { Readiness } from "../../gateway/readiness";
import { Upstream } from "../../gateway/upstream";
import { FakeUpstream, status, wedged, well } from "../support/fakeUpstream";
import { CHAT, startRig } from "./harness";

describe("readiness", () => {
  let engine: FakeUpstream;
  let upstream: Upstream;
  let nowMs: number;
  const config = { model: "small", freshSeconds: 60, probeTimeoutSeconds: 1 };
  const make = (): Readiness =>
    new Readiness(
      () => config,
      upstream,
      new ModelRoutes(undefined),
      () => nowMs,
    );

  beforeEach(async () => {
    nowMs = 0;
    engine = await FakeUpstream.start();
    upstream = new Upstream({
      url: engine.url,
      connectTimeoutMs: 1000,
      headersTimeoutMs: 60_000,
      idleTimeoutMs: 60_000,
      commentEveryMs: 15_000,
    });
  });
  afterEach(async () => {
    await upstream.close();
    await engine.close();
  });

  it("asks for one token when nothing was generated lately, and believes it for freshSeconds", async () => {
    const readiness = make();
    assert.deepEqual(await readiness.check(), { ready: true });
    assert.deepEqual(engine.last.body, { model: "small", prompt: "1", max_tokens: 1, temperature: 0 });
    nowMs += 59_999;
    await readiness.check();
    assert.equal(engine.exchanges.length, 1);
    nowMs += 1;
    await readiness.check();
    assert.equal(engine.exchanges.length, 2);
  });

  it("asks once for many callers at a time", async () => {
    const readiness = make();
    await Promise.all(Array.from({ length: 50 }, () => readiness.check()));
    assert.equal(engine.exchanges.length, 1);
  });

  it("is not ready while the engine is wedged although its HTTP side lives, and aborts the probe at its deadline", async () => {
    engine.behave = wedged;
    const state = await make().check();
    assert.deepEqual(state, { ready: false, reason: "the engine generated no token within 1 s" });
    await engine.last.closed;
    assert.ok(engine.last.aborted);
  });

  it("is not ready when the engine fails, answers without a token, or is not there", async () => {
    const readiness = make();
    engine.behave = status(500, { error: "trace" });
    assert.deepEqual(await readiness.check(), { ready: false, reason: "the engine answered 500" });
    nowMs += 1000;
    engine.behave = status(200, { choices: [] });
    assert.deepEqual(await readiness.check(), { ready: false, reason: "the engine's answer holds no token" });
    nowMs += 1000;
    engine.behave = (exchange) => exchange.res.destroy();
    assert.deepEqual(await readiness.check(), { ready: false, reason: "The engine cannot be reached or broke off." });
  });

  it("believes a failure for a second, so that a flood of probes is no flood of generations, then recovers", async () => {
    const readiness = make();
    engine.behave = status(500, {});
    for (let i = 0; i < 20; i += 1) await readiness.check();
    assert.equal(engine.exchanges.length, 1);
    engine.behave = well;
    nowMs += 1000;
    assert.deepEqual(await readiness.check(), { ready: true });
  });

  it("counts a proxied generation, streamed or not, but no embedding and no failure", async () => {
    const rig = await startRig();
    try {
      const token = await rig.token("root");
      const ready = async (): Promise<number> => (await rig.fetch("/readyz")).status;
      const generated = (): number => rig.upstream.exchanges.filter(({ path }) => path === "/v1/completions").length;
      await (await rig.fetch("/v1/embeddings", { token, json: { model: "small", input: "x" } })).text();
      rig.upstream.behave = status(500, {});
      await (await rig.fetch("/v1/chat/completions", { token, json: CHAT })).text();
      assert.equal(await ready(), 503);
      assert.equal(generated(), 1, "it had to ask");
      rig.upstream.behave = well;
      await (await rig.fetch("/v1/chat/completions", { token, json: { ...CHAT, stream: true } })).text();
      assert.equal(await ready(), 200);
      assert.equal(generated(), 1, "the stream was proof enough");
      assert.equal((await rig.fetch("/healthz")).status, 200);
    } finally {
      await rig.stop();
    }
  });

  it("is not ready once the gateway is told to end", async () => {
    const readiness = make();
    readiness.noteGeneration();
    readiness.drain();
    assert.deepEqual(await readiness.check(), { ready: false, reason: "the gateway is shutting down" });
  });
});
