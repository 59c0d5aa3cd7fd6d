import assert from "node:assert/strict";
import { startRig, type Rig } from "./harness";

const CHAT_UI = "https://chat.example.org";

describe("CORS", () => {
  let rig: Rig;
  before(async () => {
    rig = await startRig({ corsOrigins: [CHAT_UI] });
  });
  after(() => rig.stop());

  const preflight = (origin: string, path = "/v1/chat/completions"): Promise<Response> =>
    fetch(rig.gateway.url + path, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, x-stainless-lang",
      },
    });

  it("lets a listed origin call, without credentials", async () => {
    const response = await preflight(CHAT_UI);
    assert.equal(response.status, 204);
    assert.equal(response.headers.get("access-control-allow-origin"), CHAT_UI);
    assert.equal(response.headers.get("access-control-allow-headers"), "authorization, x-stainless-lang");
    assert.equal(response.headers.get("access-control-allow-credentials"), null);
    const headers = { origin: CHAT_UI };
    const list = await rig.fetch("/v1/models", { token: await rig.token("root"), headers });
    assert.equal(list.headers.get("access-control-allow-origin"), CHAT_UI);
    assert.equal(list.headers.get("vary"), "Origin");
    const json = { model: "small", messages: [] };
    const chat = await rig.fetch("/v1/chat/completions", { token: await rig.token("root"), headers, json });
    assert.equal(chat.headers.get("access-control-allow-origin"), CHAT_UI);
    // A browser must be able to read a refusal too.
    assert.equal((await rig.fetch("/v1/models", { headers })).headers.get("access-control-allow-origin"), CHAT_UI);
  });

  it("gives no header to any other origin", async () => {
    for (const origin of [
      "https://evil.test",
      "null",
      `${CHAT_UI}.evil.test`,
      "http://chat.example.org",
      CHAT_UI.toUpperCase(),
    ]) {
      const response = await preflight(origin);
      assert.equal(response.status, 404);
      assert.equal(response.headers.get("access-control-allow-origin"), null);
      const list = await rig.fetch("/v1/models", { token: await rig.token("root"), headers: { origin } });
      assert.equal(list.headers.get("access-control-allow-origin"), null);
    }
  });

  it("answers no preflight for a path that is not there", async () => {
    assert.equal((await preflight(CHAT_UI, "/v1/nothing")).status, 404);
    assert.equal((await preflight(CHAT_UI, "//v1/models")).status, 404);
  });

  it("is off by default", async () => {
    const plain = await startRig();
    try {
      const headers = { origin: CHAT_UI, "access-control-request-method": "POST" };
      const response = await fetch(`${plain.gateway.url}/v1/models`, { method: "OPTIONS", headers });
      assert.equal(response.status, 404);
      assert.equal(response.headers.get("access-control-allow-origin"), null);
      assert.equal(response.headers.get("vary"), null);
    } finally {
      await plain.stop();
    }
  });
});
