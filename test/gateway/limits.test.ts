import assert from "node:assert/strict";
import { addressKey, Slots } from "../../gateway/limits";
import { byHand, well } from "../support/fakeUpstream";
import { CHAT, errorOf, startRig, type Rig } from "./harness";

describe("limits", () => {
  let rig: Rig;
  afterEach(() => rig.stop());

  const ask = async (user: string): Promise<Response> =>
    rig.fetch("/v1/chat/completions", { token: await rig.token(user), json: CHAT });

  const expect429 = async (response: Response, code: string): Promise<void> => {
    assert.equal(response.status, 429);
    assert.ok(Number(response.headers.get("retry-after")) >= 1);
    const error = await errorOf(response);
    assert.deepEqual([error.code, error.type], [code, "rate_limit_error"]);
  };

  it("bound one subject's requests in flight, give each back, and leave other subjects alone", async () => {
    rig = await startRig({ limits: { concurrencyPerSubject: 2 } });
    rig.upstream.behave = byHand;
    const open: Promise<Response>[] = [];
    for (let i = 0; i < 2; i += 1) {
      const arrived = rig.upstream.next();
      open.push(ask("root"));
      await arrived;
    }
    await expect429(await ask("root"), "concurrency");
    const arrived = rig.upstream.next();
    open.push(ask("chatter"));
    await arrived;
    for (const exchange of rig.upstream.exchanges) exchange.complete();
    for (const response of await Promise.all(open)) {
      assert.equal(response.status, 200);
      await response.text();
    }
    rig.upstream.behave = well;
    assert.equal((await ask("root")).status, 200);
  });

  it("shed above the bound on all requests in flight, before a token is even looked at; probes still answer", async () => {
    rig = await startRig({ limits: { inFlight: 1 } });
    rig.upstream.behave = byHand;
    const arrived = rig.upstream.next();
    const open = ask("root");
    const exchange = await arrived;
    await expect429(await ask("chatter"), "overloaded");
    await expect429(await rig.fetch("/v1/chat/completions", { json: CHAT }), "overloaded");
    assert.equal((await rig.fetch("/healthz")).status, 200);
    exchange.complete();
    await (await open).text();
    rig.upstream.behave = well;
    assert.equal((await ask("chatter")).status, 200);
  });

  it("bound one subject's requests a minute, over all its tokens", async () => {
    rig = await startRig({ limits: { requestsPerMinute: 3 } });
    for (let i = 0; i < 3; i += 1) assert.equal((await ask("root")).status, 200);
    await expect429(await ask("root"), "requests_per_minute");
    assert.equal((await ask("chatter")).status, 200);
  });

  it("bound one subject's tokens a minute, counted at each answer's end, streamed or not, aborted or not", async () => {
    rig = await startRig({ limits: { tokensPerMinute: 20, assumedTokens: 3 } });
    // 5 prompt and 3 completion tokens each.
    for (let i = 0; i < 2; i += 1) await (await ask("root")).text();
    await expect429(await ask("root"), "tokens_per_minute");
    assert.equal((await ask("chatter")).status, 200);
    rig.upstream.behave = (exchange) => exchange.startStream();
    const arrived = rig.upstream.next();
    const token = await rig.token("reader", { claims: { sub: "writer", scope: "chat:write" } });
    const response = await rig.fetch("/v1/chat/completions", { token, json: { ...CHAT, stream: true } });
    const reader = response.body?.getReader();
    const exchange = await arrived;
    for (let i = 0; i < 16; i += 1) {
      exchange.chunk("word");
      await reader?.read();
    }
    await reader?.cancel();
    await exchange.closed;
    rig.upstream.behave = well;
    await expect429(await rig.fetch("/v1/chat/completions", { token, json: CHAT }), "tokens_per_minute");
  });

  it("pass the engine's own 429 on", async () => {
    rig = await startRig();
    rig.upstream.behave = (exchange) => exchange.json(429, { error: { message: "queue at 10.0.0.1 is full" } });
    await expect429(await ask("root"), "engine_busy");
  });

  it("count slots once however often one is given back", () => {
    const slots = new Slots(2);
    const first = slots.take("a");
    slots.take("a");
    assert.equal(slots.take("a"), undefined);
    first?.();
    first?.();
    assert.equal(slots.open("a"), 1);
    assert.equal(slots.open("b"), 0);
  });

  it("take an IPv6 network for one client, and IPv4 in IPv6 for IPv4", () => {
    assert.equal(addressKey("192.0.2.1"), "192.0.2.1");
    assert.equal(addressKey("::ffff:192.0.2.1"), "192.0.2.1");
    assert.equal(addressKey("2001:db8:0:1::5"), addressKey("2001:DB8:0:1:ffff::6"));
    assert.notEqual(addressKey("2001:db8:0:1::5"), addressKey("2001:db8:0:2::5"));
    assert.equal(addressKey("fe80::1%eth0"), "fe80:0:0:0::/64");
    assert.equal(addressKey("::1"), "0:0:0:0::/64");
  });
});
