import assert from "node:assert/strict";
import { nodeOf, nodesOf } from "../support/servingPlans";
import { on, plannedOne, refused, sizesOf } from "./cases";

const twoNodes = on(nodesOf("gpu", 2, "3090", 1));
const awq = "Qwen/Qwen3-32B-AWQ";

describe("plan/layouts/faults", () => {
  it("answers a context that is too long for the replicas that were asked for, not for fewer of them", () => {
    const pins = { replicas: 2 };
    const fault = refused(awq, twoNodes, { contextTokens: 32768, pins });
    assert.equal(fault.path, "models[0].contextTokens");
    assert.match(fault.needed, /free for it on one RTX 3090/);
    assert.match(fault.fix, /lower contextTokens to \d+ \(.+?\); or .*use replicas: 1, which leaves room for PP 2/);
    const shorter = Number(/lower contextTokens to (\d+)/.exec(fault.fix)?.[1]);
    assert.ok(shorter < 32768);
    assert.deepEqual(sizesOf(plannedOne(awq, twoNodes, { contextTokens: shorter, pins })), [1, 1, 2]);
    assert.deepEqual(sizesOf(plannedOne(awq, twoNodes, { contextTokens: 32768, pins: { replicas: 1 } })), [1, 2, 1]);
  });

  it("refuses TP over unequal cards of one node for that, not for a network that is not there", () => {
    const hardware = on([...nodeOf("a", "4090", 1), ...nodeOf("a", "3090", 1)]);
    const fault = refused(awq, hardware, { pins: { tensorParallel: 2 } });
    assert.match(fault.found, /TP 2 on 1 x RTX 4090 and 1 x RTX 3090/);
    assert.match(fault.needed, /a TP group is of one card/);
    assert.doesNotMatch(fault.needed + fault.fix, /Ethernet/);
  });

  it("names the pin that a rule is about, with the layouts that work where a layout is the answer", () => {
    const eight = on(nodeOf("a", "3090", 8));
    const fault = refused("meta-llama/Llama-3.1-8B-Instruct", eight, { pins: { tensorParallel: 3 } });
    assert.equal(fault.path, "models[0].tensorParallel");
    assert.match(fault.found, /^TP 3 and 32 attention heads; also /);
    assert.match(fault.needed, /^a TP that divides 32 \(vLLM: vllm\/config\/model\.py/);
    assert.equal(fault.fix, "change tensorParallel or leave it out; nearest that works: TP 2 or TP 4");
    const linear = refused("Qwen/Qwen3.5-9B", eight, { pins: { tensorParallel: 3 } });
    assert.match(linear.found, /TP 3 and 16 key heads of linear attention/);
    assert.match(linear.fix, /nearest that works: TP 2 or TP 4$/);
    const parser = refused("Qwen/Qwen3-8B", eight, { pins: { toolParser: "hermess" } });
    assert.equal(parser.path, "models[0].toolParser");
    assert.match(parser.needed, /^one of .*\(nearest: hermes\)/);
    assert.equal(parser.fix, "change toolParser or leave it out");
  });

  it("names the context when it is longer than the model takes", () => {
    const fault = refused("Qwen/Qwen3-8B", twoNodes, { contextTokens: 100000 });
    assert.equal(fault.path, "models[0].contextTokens");
    assert.match(fault.needed, /1 to 40960/);
  });

  it("offers the same model in another format, never another model with the same network", () => {
    const { fix } = refused("deepseek-ai/DeepSeek-R1-Distill-Llama-70B", on(nodesOf("gpu", 3, "3090", 1)));
    const [, offered] = /take (.*)/.exec(fix) ?? [];
    for (const id of offered?.match(/\S+\/\S+/g) ?? assert.fail(fix)) assert.match(id, /DeepSeek-R1-Distill-Llama-70B/);
  });

  it("offers another storage format on more GPUs where one GPU holds none", () => {
    const three = on(nodesOf("gpu", 3, "3090", 1));
    const { fix } = refused("meta-llama/Llama-3.3-70B-Instruct", three);
    const [, id, size] = /take (\S+) \(PP (\d)\)/.exec(fix) ?? [];
    assert.deepEqual(sizesOf(plannedOne(id ?? fix, three)), [1, Number(size), 1]);
  });
});
