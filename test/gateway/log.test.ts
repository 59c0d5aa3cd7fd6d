import assert from "node:assert/strict";
import { status } from "../support/fakeUpstream";
import { CHAT, PASSWORD, sendRaw, startRig, type Rig } from "./harness";

/** Grows only in secrets: a prompt, an answer, a password, a name typed wrong, a path, a query, a model nobody has. */
const CANARY = "canary-7f3a91";

describe("logs", () => {
  let rig: Rig;
  before(async () => {
    rig = await startRig({ logLevel: "trace" });
  });
  after(() => rig.stop());

  it("hold no prompt, answer, password, token or client text at any level, on good ways and bad ones", async () => {
    const token = await rig.token("root");
    const chat = { ...CHAT, messages: [{ role: "user", content: CANARY }], user: CANARY };
    const send = async (json: unknown, headers: Record<string, string> = {}): Promise<void> => {
      await (await rig.fetch(`/v1/chat/completions?key=${CANARY}`, { token, json, headers })).text();
    };
    rig.upstream.behave = (exchange) => exchange.complete(CANARY);
    await send(chat, { "x-canary": CANARY, cookie: CANARY, "user-agent": CANARY });
    await send({ ...chat, model: CANARY, n: 99 });
    await send({ ...chat, [CANARY]: CANARY, chat_template: CANARY });
    await send(`{"messages": ${CANARY}`);
    for (const behave of [
      status(400, { error: { message: CANARY } }),
      status(500, { detail: CANARY }),
      status(404, { message: CANARY }),
    ]) {
      rig.upstream.behave = behave;
      await send({ ...chat, model: CANARY });
    }
    rig.upstream.behave = (exchange) => {
      exchange.startStream();
      exchange.event({ choices: [{ delta: { content: CANARY } }] });
      setImmediate(() => exchange.res.destroy());
    };
    await send({ ...chat, stream: true });
    await rig.login({ grant_type: "password", username: CANARY, password: CANARY });
    await rig.login({ grant_type: CANARY, username: "root", password: PASSWORD, scope: CANARY });
    const good = (await (await rig.login({ grant_type: "password", username: "root", password: PASSWORD })).json()) as {
      access_token: string;
    };
    await rig.fetch(`/${CANARY}`, { token: good.access_token });
    await rig.fetch(`/v1/models/${CANARY}`, { token: good.access_token });
    await rig.fetch("/v1/models", { token: CANARY });
    await sendRaw(rig.gateway.url, `${CANARY} ${CANARY} HTTP/9\r\n\r\n`);
    await sendRaw(rig.gateway.url, `GET /%zz${CANARY} HTTP/1.1\r\nHost: ${CANARY}\r\nConnection: close\r\n\r\n`);
    const log = rig.log();
    assert.ok(log.split("\n").length > 12);
    for (const secret of [CANARY, PASSWORD, token, good.access_token, ...token.split("."), "Bearer", "BEGIN"])
      assert.ok(!log.includes(secret), `the log holds ${secret}`);
  });

  it("say what an operator needs: id, route, status, subject, model, time and tokens", async () => {
    rig.upstream.behave = (exchange) => exchange.complete("hi");
    const response = await rig.fetch("/v1/chat/completions", { token: await rig.token("writer"), json: CHAT });
    await response.text();
    const id = response.headers.get("x-request-id") ?? "none";
    const lines = (): Record<string, unknown>[] =>
      rig.log().trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>); // prettier-ignore
    while (!lines().some(({ reqId }) => reqId === id)) await new Promise(setImmediate);
    const line = lines().find(({ reqId }) => reqId === id);
    assert.deepEqual(
      { ...line, time: 0, pid: 0, hostname: "", ms: 0 },
      {
        level: 30, time: 0, pid: 0, hostname: "", reqId: id, route: "/v1/chat/completions", method: "POST", status: 200, ms: 0,
        model: "small", promptTokens: 5, completionTokens: 3, subject: "user:writer", msg: "request",
      }, // prettier-ignore
    );
    assert.equal(typeof line?.["ms"], "number");
  });

  it("name unknown paths by one word, and an aborted request by 499", async () => {
    await rig.fetch("/some/unknown/path");
    while (!rig.log().includes('"route":"unknown"')) await new Promise(setImmediate);
    assert.doesNotMatch(rig.log(), /some\/unknown/);
    rig.upstream.behave = () => undefined;
    const arrived = rig.upstream.next();
    const controller = new AbortController();
    const headers = { authorization: `Bearer ${await rig.token("root")}`, "content-type": "application/json" };
    const request = { method: "POST", headers, body: JSON.stringify(CHAT), signal: controller.signal };
    const asked = fetch(`${rig.gateway.url}/v1/chat/completions`, request).catch(() => undefined);
    const exchange = await arrived;
    controller.abort();
    await asked;
    await exchange.closed;
    while (!rig.log().includes('"status":499')) await new Promise(setImmediate);
  });
});
