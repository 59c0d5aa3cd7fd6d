import assert from "node:assert/strict";
import type { Properties } from "../../../../engine/standins/values";
import { asServerWrites, normalized, pruned } from "../../../../engine/standins/kubernetes/shape";

const pod = (container: Properties): Properties => ({
  apiVersion: "v1",
  kind: "Pod",
  spec: { containers: [container] },
});

describe("kubernetes stand-in: shape of objects", () => {
  it("keeps of a live object what the inputs speak about", () => {
    const live = { a: 1, server: 2, list: [{ x: 1, y: 2 }, { x: 3 }], map: { k: 1, more: 2 } };
    assert.deepEqual(pruned(live, { a: 9, gone: 1, list: [{ x: 0 }], map: { k: 0 } }), {
      a: 1,
      list: [{ x: 1 }],
      map: { k: 1 },
    });
  });

  it("has a Secret's stringData in data, over what was there", () => {
    const secret = { apiVersion: "v1", kind: "Secret", data: { a: "b2xk", b: "Yg==" }, stringData: { a: "new" } };
    assert.deepEqual(normalized(secret), { apiVersion: "v1", kind: "Secret", data: { a: "bmV3", b: "Yg==" } });
  });

  it("has nothing that only the server writes", () => {
    const object = { kind: "ConfigMap", metadata: { name: "a", uid: "u", resourceVersion: "1", managedFields: [] } };
    assert.deepEqual(normalized(object), { kind: "ConfigMap", metadata: { name: "a" } });
  });

  it("writes quantities and what is empty as the server does, where they are the same", () => {
    const live = pod({ name: "c", resources: { limits: { cpu: "1", memory: "1Gi", "nvidia.com/gpu": "2" } } });
    const same = { name: "c", resources: { limits: { cpu: "1000m", memory: "1024Mi", "nvidia.com/gpu": 2 } } };
    assert.deepEqual(asServerWrites(pod({ ...same, stdin: false, env: [], command: [] }), live), live);
    const other = pod({ name: "c", resources: { limits: { cpu: "1001m" } } });
    assert.deepEqual(asServerWrites(other, live), other);
  });

  it("leaves texts alone that only look like quantities", () => {
    const wanted = pod({ env: [{ name: "SIZE", value: "1024Mi" }] });
    assert.deepEqual(asServerWrites(wanted, pod({ env: [{ name: "SIZE", value: "1Gi" }] })), wanted);
  });

  it("leaves custom resources as they are: their server keeps what is empty", () => {
    const wanted = { apiVersion: "ray.io/v1", kind: "RayCluster", spec: { suspend: false, limits: { cpu: "1000m" } } };
    assert.deepEqual(asServerWrites(wanted, { spec: { limits: { cpu: "1" } } }), wanted);
  });
});
