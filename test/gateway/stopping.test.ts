import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Maintenance } from "../../gateway/maintenance";
import { CHAT, errorOf, startRig, type Rig } from "./harness";

describe("a gateway that is told to end", () => {
  it("is not ready at once, serves for the delay and lets clients go elsewhere, then takes no connection", async () => {
    const rig = await startRig({ drainDelaySeconds: 1 });
    const token = await rig.token("root");
    const ready = async (): Promise<number[]> =>
      [await rig.fetch("/readyz"), await rig.fetch("/readyz/gateway")].map(({ status }) => status);
    assert.deepEqual(await ready(), [200, 200]);
    const closed = rig.gateway.close();
    assert.deepEqual(await ready(), [503, 503]);
    for (const json of [CHAT, { ...CHAT, stream: true }]) {
      const served = await rig.fetch("/v1/chat/completions", { token, json });
      assert.deepEqual([served.status, served.headers.get("connection")], [200, "close"]);
      await served.text();
    }
    await closed;
    await assert.rejects(rig.fetch("/healthz"));
    await rig.stop();
  });
});

describe("an engine that is announced down", () => {
  let rig: Rig;
  let flag: string;
  beforeEach(async () => {
    rig = await startRig({ maintenance: { file: "down", retryAfterSeconds: 90, message: "Back at noon." } });
    flag = join(rig.files.dir, "down");
  });
  afterEach(() => rig.stop());
  const ask = async (token?: string): Promise<Response> =>
    rig.fetch("/v1/chat/completions", { json: CHAT, ...(token === undefined ? {} : { token }) });

  it("is answered 503 with Retry-After and the operator's words, by the flag file, and costs no quota", async () => {
    const token = await rig.token("root");
    const before = Number((await ask(token)).headers.get("x-ratelimit-remaining-requests"));
    rig.files.write("down", "");
    while ((await ask(token)).status === 200) await sleep(50);
    const refused = await ask(token);
    assert.deepEqual([refused.status, refused.headers.get("retry-after")], [503, "90"]);
    const { message, code, type } = await errorOf(refused);
    assert.deepEqual([message, code, type], ["Back at noon.", "maintenance", "server_error"]);
    assert.equal((await rig.fetch("/v1/models", { token })).status, 503);
    assert.equal((await ask()).status, 401, "who may not come in is told nothing else");
    const others = ["/healthz", "/readyz/gateway"].map(async (path) => (await rig.fetch(path)).status);
    assert.deepEqual(await Promise.all(others), [200, 200]);
    assert.equal((await rig.fetch("/metrics", { token })).status, 200);
    const during = rig.upstream.exchanges.length;
    rmSync(flag);
    while ((await ask(token)).status === 503) await sleep(50);
    assert.equal(rig.upstream.exchanges.length, during + 1);
    const after = Number((await ask(token)).headers.get("x-ratelimit-remaining-requests"));
    assert.ok(before - after < 40, "refusals were not counted");
  });

  it("is looked for once a second, however many ask", () => {
    let nowMs = 0;
    const config = { enabled: false, file: flag, retryAfterSeconds: 1, message: "m" };
    const maintenance = new Maintenance(
      () => config,
      () => nowMs,
    );
    assert.equal(maintenance.isOn, false);
    rig.files.write("down", "");
    assert.equal(maintenance.isOn, false);
    nowMs += 1000;
    assert.equal(maintenance.isOn, true);
    rmSync(flag);
    config.enabled = true;
    nowMs += 1000;
    assert.equal(maintenance.isOn, true, "the configuration alone will do");
  });
});
