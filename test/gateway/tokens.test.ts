import assert from "node:assert/strict";
import { loadConfig } from "../../gateway/loadConfig";
import { startGateway, type Gateway } from "../../gateway/server";
import { FakeUpstream } from "../support/fakeUpstream";
import { AUDIENCE, CHAT, Files, ISSUER, PASSWORD, quickDerive, startRig, type Rig } from "./harness";

describe("token keys and lifetimes", () => {
  it("rotates keys with 0 failed requests: two replicas, one rollout step at a time", async () => {
    const files = new Files();
    const upstream = await FakeUpstream.start();
    files.key("old.pem");
    files.key("new.pem");
    await files.users();
    const start = (...keys: string[]): Promise<Gateway> => {
      const config = {
        listen: { port: 0 },
        upstream: { url: upstream.url },
        issuer: ISSUER,
        audience: AUDIENCE,
        signingKeys: keys.map((file) => ({ file })),
        usersFile: "users.json",
        readiness: { model: "small" },
        shutdownSeconds: 5,
        limits: { requestsPerMinute: 1_000_000 },
      };
      const file = files.write("gateway.json", JSON.stringify(config));
      return startGateway(loadConfig(file), { derive: quickDerive, logTo: { write: () => undefined } });
    };
    const login = async (gateway: Gateway): Promise<string> => {
      const form = { grant_type: "password", username: "root", password: PASSWORD };
      const response = await fetch(`${gateway.url}/token`, { method: "POST", body: new URLSearchParams(form) });
      return ((await response.json()) as { access_token: string }).access_token;
    };
    const ask = async (gateway: Gateway, token: string): Promise<number> => {
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const response = await fetch(`${gateway.url}/v1/chat/completions`, {
        method: "POST",
        headers,
        body: JSON.stringify(CHAT),
      });
      await response.arrayBuffer();
      return response.status;
    };

    const tokens: string[] = [];
    const kids = new Set<string>();
    let replicas = [await start("old.pem"), await start("old.pem")];
    const statuses: number[] = [];
    // Every token that lives, at every replica that serves, in every state of the rollout.
    const everyTokenEverywhere = async (): Promise<void> => {
      for (const replica of replicas) tokens.push(await login(replica));
      for (const token of tokens) kids.add(Buffer.from(token.split(".")[0] ?? "", "base64url").toString());
      for (const replica of replicas) for (const token of tokens) statuses.push(await ask(replica, token));
    };
    await everyTokenEverywhere();
    for (const keys of [
      ["old.pem", "new.pem"],
      ["new.pem", "old.pem"],
    ]) {
      for (const index of [0, 1]) {
        const old = replicas[index];
        replicas = replicas.with(index, await start(...keys));
        await old?.close();
        await everyTokenEverywhere();
      }
    }
    assert.ok(statuses.length >= 50);
    assert.deepEqual(
      statuses.filter((status) => status !== 200),
      [],
    );
    assert.equal(kids.size, 2, "both keys signed during the rotation");
    // After a token lifetime the old key goes, and what it signed is refused.
    const last = await start("new.pem");
    assert.equal(await ask(last, tokens[0] ?? ""), 401);
    assert.equal(await ask(last, tokens.at(-1) ?? ""), 200);
    for (const gateway of [...replicas, last]) await gateway.close();
    await upstream.close();
    files.remove();
  }).timeout(30_000);

  describe("a verified token that is remembered", () => {
    let rig: Rig;
    before(async () => {
      rig = await startRig({ token: { leewaySeconds: 0 } });
    });
    after(() => rig.stop());

    it("is refused once it expires", async () => {
      const exp = Math.floor(Date.now() / 1000) + 2;
      const token = await rig.token("root", { claims: { exp } });
      assert.equal((await rig.fetch("/v1/models", { token })).status, 200);
      // The clock is the thing under test, so here a test waits for it.
      await new Promise((resolve) => setTimeout(resolve, exp * 1000 - Date.now() + 50));
      const response = await rig.fetch("/v1/models", { token });
      assert.equal(response.status, 401);
      assert.match(response.headers.get("www-authenticate") ?? "", /has expired/);
    });

    it("has no switch that turns expiry off", async () => {
      process.env["SKIP_EXP_CHECK"] = "true";
      try {
        const token = await rig.token("root", { claims: { exp: Math.floor(Date.now() / 1000) - 5 } });
        assert.equal((await rig.fetch("/v1/models", { token })).status, 401);
      } finally {
        delete process.env["SKIP_EXP_CHECK"];
      }
    });
  });
});
