import assert from "node:assert/strict";
import { cacheKey, type CacheFacts } from "../../../plan/stages/servedCache";

const facts: CacheFacts = {
  source: "org/model",
  revision: "0123abc",
  versions: { ray: "2.60.0", vllm: "0.29.0", image: "ray@sha256:aa" },
  engine: {
    dtype: "bfloat16",
    kvCacheDtype: "auto",
    maxModelLen: 8192,
    maxNumSeqs: 64,
    maxNumBatchedTokens: 2048,
    gpuMemoryUtilization: 0.9,
    enforceEager: false,
    blockSize: 16,
    asyncScheduling: false,
    disableCustomAllReduce: false,
    cpuOffloadGib: 0,
    toolParser: "hermes",
    reasoningParser: "qwen3",
  },
  layout: { tensorParallel: 2, pipelineParallel: 2, layerPartition: [10, 12] },
  environment: { NCCL_P2P_DISABLE: "1" },
  more: { lora: { maxRank: 16 } },
  cards: [{ id: "rtx-3090", computeCapability: 86 }],
};

/** The facts with each of their values changed, one at a time. */
function* changes(value: unknown, path = ""): Generator<{ path: string; changed: unknown }> {
  if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      for (const { path: where, changed } of changes(inner, `${path}.${key}`)) {
        const copy: unknown = Array.isArray(value) ? [...(value as unknown[])] : { ...value };
        Reflect.set(copy as object, key, changed);
        yield { path: where, changed: copy };
      }
    }
    return;
  }
  if (typeof value === "boolean") yield { path, changed: !value };
  else yield { path, changed: typeof value === "number" ? value + 1 : `${String(value)}x` };
}

const reversed = (value: unknown): unknown =>
  typeof value !== "object" || value === null || Array.isArray(value)
    ? value
    : Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, inner]) => [key, reversed(inner)]),
      );

describe("cacheKey", () => {
  it("is another one when anything that compiled code depends on is another", () => {
    const all = [...changes(facts)];
    assert.ok(all.length > 20);
    const keys = new Map([[cacheKey(facts), "nothing"]]);
    for (const { path, changed } of all) {
      const key = cacheKey(changed as CacheFacts);
      assert.equal(keys.get(key), undefined, `${path} has the key of ${keys.get(key) ?? ""}`);
      keys.set(key, path);
    }
  });

  it("is another one for one card more, or without a parser", () => {
    const engine = { ...facts.engine };
    Reflect.deleteProperty(engine, "toolParser");
    assert.notEqual(cacheKey({ ...facts, engine }), cacheKey(facts));
    const cards = [...facts.cards, { id: "rtx-3060", computeCapability: 86 }];
    assert.notEqual(cacheKey({ ...facts, cards }), cacheKey(facts));
  });

  it("does not depend on the order in which the facts were written", () => {
    assert.equal(cacheKey(reversed(facts) as CacheFacts), cacheKey(facts));
    assert.match(cacheKey(facts), /^[0-9a-f]{16}$/);
  });
});
