import assert from "node:assert/strict";
import { well } from "../support/fakeUpstream";
import { CHAT, errorOf, startRig, type Rig } from "./harness";

const routes = { small: "/small", large: "/large", "org/name-7B": "/", toString: "/odd/one" };

describe("models that are applications of their own", () => {
  let rig: Rig;
  before(async () => {
    rig = await startRig({ engine: { routes } });
  });
  beforeEach(() => {
    rig.upstream.behave = well;
  });
  after(() => rig.stop());

  const pathFor = async (model: string, path: string): Promise<string> => {
    const json = { ...CHAT, model, prompt: "x", input: "x" };
    const answer = await rig.fetch(path, { token: await rig.token("root"), json });
    assert.equal(answer.status, 200, await answer.text());
    return rig.upstream.last.path;
  };

  it("are asked at their own route, whatever is asked of them", async () => {
    assert.equal(await pathFor("small", "/v1/chat/completions"), "/small/v1/chat/completions");
    assert.equal(await pathFor("large", "/v1/completions"), "/large/v1/completions");
    assert.equal(await pathFor("large", "/v1/embeddings"), "/large/v1/embeddings");
    assert.equal(await pathFor("org/name-7B", "/v1/completions"), "/v1/completions");
    assert.equal(await pathFor("toString", "/v1/completions"), "/odd/one/v1/completions");
  });

  it("have their adapters with them", async () => {
    assert.equal(await pathFor("small:poet", "/v1/chat/completions"), "/small/v1/chat/completions");
  });

  it("are all there are: of any other the engine is not asked", async () => {
    const token = await rig.token("root");
    const seen = rig.upstream.exchanges.length;
    for (const model of ["other", "other:poet", ":small", "hasOwnProperty", "__proto__", "/small"]) {
      const answer = await rig.fetch("/v1/chat/completions", { token, json: { ...CHAT, model } });
      assert.equal(answer.status, 404, model);
      assert.equal((await errorOf(answer)).code, "model_not_found");
    }
    assert.equal(rig.upstream.exchanges.length, seen);
  });

  it("are listed by the gateway, to each who may use them", async () => {
    rig.upstream.models = ["of the engine"];
    const list = async (user: string) => {
      const answer = await rig.fetch("/v1/models", { token: await rig.token(user) });
      return (await answer.json()) as { object: string; data: Record<string, unknown>[] };
    };
    const all = await list("reader");
    assert.deepEqual(all.data.map(({ id }) => id), Object.keys(routes)); // prettier-ignore
    assert.deepEqual([all.object, all.data[0]], ["list", { id: "small", object: "model", created: 0, owned_by: "tokenrack" }]); // prettier-ignore
    assert.deepEqual((await list("writer")).data.map(({ id }) => id), ["small", "org/name-7B"]); // prettier-ignore
    const token = await rig.token("writer");
    assert.equal((await rig.fetch("/v1/models/org%2Fname-7B", { token })).status, 200);
    assert.equal((await rig.fetch("/v1/models/large", { token })).status, 404);
  });

  it("are ready when the readiness model answers at its route", async () => {
    const one = await startRig({ engine: { routes } });
    try {
      assert.equal((await one.fetch("/readyz")).status, 200);
      assert.equal(one.upstream.last.path, "/small/v1/completions");
    } finally {
      await one.stop();
    }
  });
});
