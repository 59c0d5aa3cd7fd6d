import assert from "node:assert/strict";
import { asSecret, reveal } from "../../../../engine/standins/values";
import { markSecrets } from "../../../../engine/standins/kubernetes/secrets";

describe("kubernetes stand-in: secrets", () => {
  it("stay secret in outputs, as small as they were; a list as a whole", () => {
    const ins = { spec: { token: asSecret("t"), plain: 1, list: [{ value: asSecret("x") }, { value: 2 }] } };
    const outs = { spec: { token: "t", plain: 1, list: [{ value: "x" }, { value: 2 }], server: true }, status: {} };
    assert.deepEqual(markSecrets(outs, ins), {
      spec: { token: asSecret("t"), plain: 1, list: asSecret(outs.spec.list), server: true },
      status: {},
    });
    assert.deepEqual(reveal(markSecrets(outs, ins)), outs);
  });

  it("are all data of a Secret, whether it was marked or not", () => {
    const secret = { kind: "Secret", data: { a: "b" }, type: "Opaque" };
    assert.deepEqual(markSecrets(secret, {}), { ...secret, data: asSecret({ a: "b" }) });
  });

  it("that are whole maps mark the map", () => {
    assert.deepEqual(markSecrets({ data: { a: "b" } }, { data: asSecret({ a: "b" }) }), { data: asSecret({ a: "b" }) });
  });
});
