import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { ExistingCluster } from "../../components/existingCluster";
import { planGpuStack } from "../../plan/stages/gpuStack";
import { planMonitoring } from "../../plan/stages/monitoring";
import { existing } from "../config/stacks";
import { stageInput } from "../plan/stages/cases";
import { isWrapped, record } from "../support/mocks";
import { settle, valueOf } from "../support/settle";

const kubeconfig = "CANARY-kubeconfig";
const pools = [
  { name: "gpu", count: 2, gpusPerNode: 8, labels: { "nvidia.com/gpu.present": "true", zone: "a" } },
  { name: "rest", count: 1, gpusPerNode: 0, labels: {} },
];

for (const preview of [false, true])
  describe(`ExistingCluster in ${preview ? "a preview" : "an up"}`, () => {
    it("looks before it hands the kubeconfig on, and keeps it a secret", async () => {
      const stdout = JSON.stringify({ version: "v1.34.2", nodes: { gpu: 2, rest: 5 } });
      const recorder = await record({ preview, outputs: () => ({ stdout }) });
      const given = { cluster: "a100", kubeconfig: pulumi.secret(kubeconfig), minorFloor: 30, pools };
      const cluster = new ExistingCluster("existing", given);
      await settle(recorder, cluster);
      const { inputs, type, parent } = recorder.get("existing-check");
      assert.deepEqual([type, parent], ["command:local:Command", recorder.get("existing").urn]);
      assert.match(
        String(inputs["create"]),
        /^stack=a100\nfloor=30\npools=\$\(cat <<'TOKENRACK_TEXT'\ngpu 2 8 nvidia\.com\/gpu\.present=true,zone=a\nrest 1 0 -\nTOKENRACK_TEXT\n\)\nmonitoring=none\nkinds=''\n/,
      );
      assert.doesNotMatch(String(inputs["create"]), /CANARY/);
      const { stdin } = inputs;
      assert.ok(isWrapped(stdin));
      assert.ok(String(stdin.value).endsWith(`\n${kubeconfig}`));
      assert.ok(await pulumi.isSecret(cluster.kubeconfig));
      assert.equal(await valueOf(cluster.kubeconfig), preview ? undefined : kubeconfig);
      assert.equal(await valueOf(cluster.ready), preview ? undefined : '{"gpu":2,"rest":5}');
      assert.equal(await valueOf(cluster.version), preview ? undefined : "v1.34.2");
      const registered = recorder.outputs.get(recorder.get("existing").urn) ?? {};
      assert.deepEqual(Object.keys(registered).sort(), ["kubeconfig", "ready", "version"]);
    });
  });

describe("ExistingCluster", () => {
  it("looks for the kinds that the stack's monitoring needs", async () => {
    const recorder = await record({ preview: false, outputs: () => ({ stdout: '{"version":"v1.34.2","nodes":{}}' }) });
    const input = stageInput({ ...existing, monitoring: { kind: "prometheusOperator" } });
    const { plan: monitoring } = planMonitoring(input, planGpuStack(input).plan);
    assert.ok(monitoring !== undefined);
    const given = { cluster: "a100", kubeconfig: pulumi.secret(kubeconfig), minorFloor: 30, pools, monitoring };
    await settle(recorder, new ExistingCluster("existing", given));
    assert.match(
      String(recorder.get("existing-check").inputs["create"]),
      /\nmonitoring=prometheusOperator\nkinds=[^\n]*\n?.*podmonitors\.monitoring\.coreos\.com\nprometheusrules\.monitoring\.coreos\.com\n/,
    );
  });
});
