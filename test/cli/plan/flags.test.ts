import assert from "node:assert/strict";
import { asTyped, inFlags } from "../../../cli/plan/flags";

describe("faults of a what-if", () => {
  it("speak of options, not of the keys of a stack file", () => {
    const fault = {
      found: "32768 tokens",
      needed: "less",
      fix: "lower contextTokens to 8192; or set kvCacheDtype: fp8",
    };
    assert.deepEqual(asTyped({ path: "model.contextTokens", ...fault }), {
      path: "--context",
      found: "32768 tokens",
      needed: "less",
      fix: "lower --context to 8192; or set --kv-dtype fp8",
    });
    assert.equal(asTyped({ path: "models[1].source", ...fault }).path, "--model[1]");
    assert.equal(asTyped({ path: "model", ...fault }).path, "model");
  });

  it("keep words that are no keys", () => {
    assert.equal(inFlags("tensorParallelOverNetwork: true, or 2 replicas"), "--tp-over-network, or 2 replicas");
    assert.equal(inFlags("the source of the weights"), "the source of the weights");
  });
});
