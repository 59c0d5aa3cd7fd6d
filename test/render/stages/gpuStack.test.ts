import assert from "node:assert/strict";
import { planGpuStack, type GpuOperatorPlan } from "../../../plan/stages/gpuStack";
import { gpuNamespaces, gpuOperatorValues, hamiValues, powerLimit } from "../../../render/stages/gpuStack";
import { committedInput } from "../../plan/stages/cases";
import { assertGolden } from "./golden";

const operatorOf = (stack: "homelab" | "a100" | "qwen3-235b"): GpuOperatorPlan => {
  const { operator } = planGpuStack(committedInput(stack)).plan;
  assert.ok(operator !== undefined);
  return operator;
};
const homelab = operatorOf("homelab");

describe("values of the GPU Operator", () => {
  for (const stack of ["homelab", "qwen3-235b"] as const)
    it(`of ${stack} are as they were`, () => {
      assertGolden(`gpuOperator.${stack}.yaml`, gpuOperatorValues(operatorOf(stack)));
    });

  it("ask for no CDI from a runtime that the operator did not set up", () => {
    assert.deepEqual(gpuOperatorValues({ ...homelab, toolkit: false })["cdi"], { enabled: false });
    assert.deepEqual(gpuOperatorValues({ ...homelab, toolkit: {} })["cdi"], { enabled: true });
  });

  it("put the toolkit's part where containerd 2 under Deckhouse reads it", () => {
    const dropIn = "/etc/containerd/conf2.d/99-nvidia.toml";
    assert.deepEqual(gpuOperatorValues({ ...homelab, toolkit: { dropIn } })["toolkit"], {
      enabled: true,
      env: [{ name: "RUNTIME_DROP_IN_CONFIG", value: dropIn }],
    });
  });

  it("share GPUs on nodes that say so, and leave the others whole", () => {
    const { devicePlugin } = gpuOperatorValues({ ...homelab, timeSlicing: { spare: 4 } });
    assertGolden("devicePlugin.timeSlicing.yaml", devicePlugin);
  });
});

describe("beside the operator", () => {
  it("HAMi opens no port of a node, and takes the scheduler from Kubernetes' own registry", () => {
    const values = hamiValues({ chart: { chart: "hami" }, namespace: "hami-system", splitCount: 4, tolerations: [] });
    assertGolden("hami.yaml", values);
    assert.doesNotMatch(JSON.stringify(values), /NodePort|aliyuncs/);
  });

  it("HAMi calls what it offers as the stack says", () => {
    const resources = {
      gpu: "my.org/gpu",
      memory: "my.org/mem",
      memoryPercentage: "my.org/memp",
      cores: "my.org/cores",
      priority: "my.org/prio",
    };
    const values = hamiValues({ chart: { chart: "hami" }, namespace: "h", splitCount: 4, tolerations: [], resources });
    assert.deepEqual(
      ["resourceName", "resourceMem", "resourceMemPercentage", "resourceCores", "resourcePriority"].map(
        (key) => values[key],
      ),
      Object.values(resources),
    );
  });

  it("a power limit runs on its pool's nodes alone, and is set again by itself", () => {
    const pool = planGpuStack(committedInput("homelab")).plan.pools[0];
    assert.ok(pool !== undefined);
    assertGolden("powerLimit.yaml", powerLimit({ ...pool, powerLimitWatts: 280 }, "gpu-operator", "node:22"));
  });

  it("only what changes nodes is let do so", () => {
    const { plan } = planGpuStack(committedInput("a100"));
    assert.deepEqual(
      gpuNamespaces(plan).map(({ metadata }) => [
        metadata.name,
        metadata.labels?.["pod-security.kubernetes.io/enforce"],
      ]),
      [["gpu-operator", "privileged"]],
    );
    assert.deepEqual(
      gpuNamespaces({ mode: "preinstalled", resource: "nvidia.com/gpu", pools: [], readySeconds: 1 }),
      [],
    );
  });
});
