import assert from "node:assert/strict";
import { formatFault } from "../../../config/errors";
import { planGpuStack } from "../../../plan/stages/gpuStack";
import { changed, existing, proxmox } from "../../config/stacks";
import { committedInput, stageInput } from "./cases";

const planned = (gpu: object, base: object = existing) => planGpuStack(stageInput({ ...base, gpu }));
const faultsOf = (gpu: object, base?: object): string => planned(gpu, base).faults.map(formatFault).join("\n");

/** One more pool, which no model may use. */
const spare = { name: "spare", count: 1, card: "rtx-3090", gpusPerNode: 2, labels: { spare: "yes" } };
const shared = { ...spare, labels: { spare: "yes", "nvidia.com/device-plugin.config": "spare" } };
const beside = (pool: object): object => {
  const base = existing as { pools: readonly { name: string }[]; models: readonly object[] };
  const pools = base.pools.map(({ name }) => name);
  return { ...existing, pools: [...base.pools, pool], models: base.models.map((model) => ({ ...model, pools })) };
};

describe("stage 4: what makes GPUs allocatable", () => {
  it("is the operator with driver and toolkit on rented nodes, and counts every pool's GPUs", () => {
    const { plan, faults } = planGpuStack(committedInput("qwen3-235b"));
    assert.deepEqual(faults, []);
    assert.deepEqual([plan.mode, plan.runtimeClass, plan.hami], ["gpuOperator", "nvidia", undefined]);
    assert.deepEqual([plan.operator?.driver, plan.operator?.toolkit, plan.operator?.devicePlugin], [{}, {}, true]);
    assert.deepEqual(
      plan.pools.map(({ name, count, allocatable }) => [name, count, allocatable]),
      [["gpu-high", 1, 8]],
    );
  });

  it("tolerates the taints of all GPU pools, from the fields that the nodes are tainted by", () => {
    const input = committedInput("homelab");
    const { plan } = planGpuStack(input);
    assert.deepEqual(plan.operator?.tolerations, [
      { key: "dedicated.homelab", operator: "Equal", value: "w-gpu", effect: "NoExecute" },
    ]);
    assert.deepEqual(
      plan.pools.map(({ name, allocatable }) => [name, allocatable]),
      [
        ["w-gpu", 1],
        ["w-gpu-3060", 1],
      ],
    );
    assert.deepEqual(plan.pools[0]?.scheduling.nodeSelector, { "node.deckhouse.io/group": "w-gpu" });
  });

  it("leaves the nodes' own driver and toolkit alone", () => {
    const { plan } = planned({ driver: "node", toolkit: "node" });
    assert.deepEqual([plan.operator?.driver, plan.operator?.toolkit], [false, false]);
  });

  it("gives the device plugin to HAMi, and counts what it offers", () => {
    const { plan, faults } = planned({ mode: "hami" }, beside(spare));
    assert.deepEqual(faults, []);
    assert.deepEqual([plan.operator?.devicePlugin, plan.hami?.splitCount], [false, 10]);
    assert.equal(plan.pools.find(({ name }) => name === "spare")?.allocatable, 20);
  });

  it("installs nothing where the nodes came with all, and counts all the same", () => {
    const { plan } = planned({ mode: "preinstalled", runtimeClass: "nvidia-cdi" });
    assert.deepEqual([plan.operator, plan.hami, plan.runtimeClass], [undefined, undefined, "nvidia-cdi"]);
    assert.ok(plan.pools.length > 0);
  });

  it("counts the shares of a pool that is shared in turns", () => {
    const { plan, faults } = planned({ timeSlicing: { spare: 4 } }, beside(shared));
    assert.deepEqual(faults, []);
    assert.equal(plan.pools.find(({ name }) => name === "spare")?.allocatable, 8);
  });

  it("refuses what cannot be, each in its own words", () => {
    assert.match(
      faultsOf({ powerLimitWatts: { spar: 200 } }, beside(spare)),
      /gpu\.powerLimitWatts\.spar: found spar, which is no pool/,
    );
    assert.match(
      faultsOf({ timeSlicing: { spare: 4 } }, beside(spare)),
      /pools\[1\]\.labels: found no nvidia\.com\/device-plugin\.config.*fix: label the pool's nodes \(kubectl label/,
    );
    assert.match(faultsOf({ runtimeClass: "x" }), /gpu\.runtimeClass: found x under mode gpuOperator/);
    assert.match(faultsOf({ hamiSplitCount: 2 }), /gpu\.hamiSplitCount: found 2 under mode gpuOperator/);
    assert.match(
      faultsOf({ driver: "node" }, proxmox),
      /gpu\.driver: found node.*write it as `cluster\.nvidia\.driver`/,
    );
    assert.match(
      faultsOf({ mode: "preinstalled", powerLimitWatts: { spare: 250 } }, beside(spare)),
      /gpu\.powerLimitWatts\.spare: found 250 W under mode preinstalled/,
    );
  });

  it("refuses to share the GPUs of a model", () => {
    const name = (existing as { pools: { name: string }[] }).pools[0]?.name ?? "";
    assert.match(
      faultsOf({ timeSlicing: { [name]: 2 } }),
      new RegExp(`gpu\\.timeSlicing\\.${name}: found 2 pods a GPU where .* runs; expected whole GPUs`),
    );
  });

  it("refuses HAMi under a model of several GPUs", () => {
    const { profile } = committedInput("qwen3-235b");
    const found = planGpuStack({
      ...committedInput("qwen3-235b"),
      profile: { ...profile, gpu: { ...profile.gpu, mode: "hami" } },
    });
    assert.match(
      found.faults.map(formatFault).join("\n"),
      /gpu\.mode: found hami, and models\[0\] on 8 GPUs \(TP 8 x PP 1\); expected models of one GPU each/,
    );
    assert.deepEqual(planGpuStack(stageInput(changed(existing, "gpu", { mode: "hami" }))).faults, []);
  });
});
