import assert from "node:assert/strict";
import { judgeDevicePlugin, judgeDriver, type GpuFacts } from "../../../../cli/doctor/judge/gpu";
import { podsOf, nodesOf, short } from "./facts";
import { node, pod } from "../worlds";

describe("the judgement of GPUs", () => {
  const pool = { name: "gpu", count: 1, labels: {}, gpus: 2 };
  const operands = [
    "nvidia-driver-daemonset-x",
    "nvidia-operator-validator-x",
    "nvidia-device-plugin-daemonset-x",
    "nvidia-dcgm-exporter-x",
  ];
  const facts = (change: Partial<GpuFacts>): GpuFacts => ({
    ...{ resource: "nvidia.com/gpu", pools: [pool], nodes: nodesOf(node("n1", {}, 2)), namespaces: ["gpu-operator"] },
    pods: podsOf(...operands.map((name) => pod("gpu-operator", name))),
    ...change,
  });
  const failing = (name: string): Partial<GpuFacts> => ({
    pods: podsOf(
      ...operands.map((one) => pod("gpu-operator", one, one === name ? { waiting: "CrashLoopBackOff" } : {})),
    ),
  });

  it("puts each operand into its layer; metrics are in none", () => {
    const both = (change: Partial<GpuFacts>): number[] =>
      [judgeDriver(facts(change)), judgeDevicePlugin(facts(change))].map(({ findings }) => findings.length);
    assert.deepEqual(both({}), [0, 0]);
    assert.deepEqual(both(failing(operands[0] ?? "")), [1, 0]);
    assert.deepEqual(both(failing(operands[1] ?? "")), [1, 0]);
    assert.deepEqual(both(failing(operands[2] ?? "")), [0, 1]);
    assert.deepEqual(both(failing(operands[3] ?? "")), [0, 0]);
  });

  it("names a node on which the operator put nothing", () => {
    const nodes = nodesOf(node("n1", {}, 2), node("n2", {}, 2));
    assert.deepEqual(short(judgeDriver(facts({ nodes }))), ["GPU Operator's operands on n2: none"]);
  });

  it("names a node that offers fewer GPUs than it has", () => {
    const seen = judgeDevicePlugin(facts({ nodes: nodesOf(node("n1", {}, 1)) }));
    assert.deepEqual(short(seen), ["nvidia.com/gpu that n1 of pool gpu offers: 1"]);
    assert.match(seen.findings[0]?.fix ?? "", /xid/);
  });
});
