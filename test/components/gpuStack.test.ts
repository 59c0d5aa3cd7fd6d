import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { GpuStack } from "../../components/gpuStack";
import { planGpuStack, type GpuStackPlan } from "../../plan/stages/gpuStack";
import { committedInput } from "../plan/stages/cases";
import { isWrapped, record, type Recorder } from "../support/mocks";
import { settle, valueOf } from "../support/settle";

const kubeconfig = "CANARY-kubeconfig";
const { plan } = planGpuStack(committedInput("homelab"));

async function made(gpuStack: GpuStackPlan, preview: boolean): Promise<readonly [Recorder, GpuStack]> {
  const recorder = await record({ preview, outputs: () => ({ stdout: '{"w-gpu":3}', status: { version: "1" } }) });
  const stack = new GpuStack("gpus", { gpuStack, image: "node:22", kubeconfig: pulumi.secret(kubeconfig) });
  await settle(recorder, stack);
  return [recorder, stack];
}
const names = (recorder: Recorder) => recorder.registered.map(({ name }) => name).sort();

for (const preview of [false, true])
  describe(`GpuStack in ${preview ? "a preview" : "an up"}`, () => {
    it("counts the GPUs behind the operator", async () => {
      const [recorder, stack] = await made(plan, preview);
      assert.deepEqual(names(recorder), ["gpus", "gpus-gpu-operator", "gpus-gpus", "gpus-operator"]);
      const { create, stdin } = recorder.get("gpus-gpus").inputs;
      assert.match(
        String(create),
        /^pools=\$\(cat <<'TOKENRACK_TEXT'\nw-gpu 3 1 node\.deckhouse\.io\/group=w-gpu\nw-gpu-3060 1 1 node\.deckhouse\.io\/group=w-gpu-3060\nTOKENRACK_TEXT\n\)\nresource='nvidia\\\.com\/gpu'\nnamespaces=gpu-operator\nversions=v26\.7\.0\nwait_seconds=2700\n/,
      );
      assert.doesNotMatch(String(create), /CANARY/);
      assert.ok(isWrapped(stdin) && String(stdin.value).endsWith(`\n${kubeconfig}`));
      const { chart, version, namespace, timeout } = recorder.get("gpus-operator").inputs;
      assert.deepEqual([chart, version, namespace, timeout], ["gpu-operator", "v26.7.0", "gpu-operator", 900]);
      assert.equal(await valueOf(stack.ready), preview ? undefined : '{"w-gpu":3}');
    });

    it("installs nothing on nodes that came with all, and counts all the same", async () => {
      const { mode, resource, pools, readySeconds } = { ...plan, mode: "preinstalled" as const };
      const [recorder] = await made({ mode, resource, pools, readySeconds }, preview);
      assert.deepEqual(names(recorder), ["gpus", "gpus-gpus"]);
    });

    it("gives each of its rooms the Secret that images are pulled by", async () => {
      const recorder = await record({ preview, outputs: () => ({ stdout: "{}", status: { version: "1" } }) });
      const hami = { chart: { chart: "hami" }, namespace: "hami-system", splitCount: 10, tolerations: [] };
      const pullSecret = { name: "registry", logins: pulumi.secret("CANARY") };
      const gpuStack = { ...plan, hami };
      await settle(recorder, new GpuStack("gpus", { gpuStack, image: "node:22", kubeconfig, pullSecret }));
      assert.deepEqual(
        names(recorder).filter((name) => name.endsWith("-pull-secret")),
        ["gpus-gpu-operator-pull-secret", "gpus-hami-system-pull-secret"],
      );
    });

    it("has HAMi in a room of its own, and power limits on the pools that have one", async () => {
      const hami = { chart: { chart: "hami" }, namespace: "hami-system", splitCount: 10, tolerations: [] };
      const pools = plan.pools.map((pool, index) => (index === 0 ? { ...pool, powerLimitWatts: 280 } : pool));
      const [recorder] = await made({ ...plan, hami, pools }, preview);
      assert.deepEqual(names(recorder), [
        "gpus",
        "gpus-gpu-operator",
        "gpus-gpus",
        "gpus-hami",
        "gpus-hami-system",
        "gpus-operator",
        "gpus-power-w-gpu",
      ]);
    });
  });
