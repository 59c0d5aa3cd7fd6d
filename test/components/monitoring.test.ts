import assert from "node:assert/strict";
import * as k8s from "@pulumi/kubernetes";
import { Monitoring } from "../../components/monitoring";
import { planGpuStack } from "../../plan/stages/gpuStack";
import { planMonitoring } from "../../plan/stages/monitoring";
import type { StageInput } from "../../plan/stages/types";
import { existing } from "../config/stacks";
import { committedInput, stageInput } from "../plan/stages/cases";
import { record } from "../support/mocks";
import { settle, valueOf } from "../support/settle";

const planned = (input: StageInput) => {
  const { plan } = planMonitoring(input, planGpuStack(input).plan);
  assert.ok(plan !== undefined);
  return plan;
};

for (const preview of [false, true])
  describe(`Monitoring in ${preview ? "a preview" : "an up"}`, () => {
    it("puts Deckhouse's kinds there, after the namespace, with the program's own provider", async () => {
      const recorder = await record({ preview });
      const provider = new k8s.Provider("k8s", { kubeconfig: "k" });
      const made = new Monitoring("monitoring", { monitoring: planned(committedInput("homelab")) }, { provider });
      await settle(recorder, made);
      const names = recorder.registered.map(({ name }) => name).filter((name) => name.startsWith("monitoring-"));
      assert.deepEqual(names.sort(), [
        "monitoring-customprometheusrules-tokenrack",
        "monitoring-grafanadashboarddefinition-tokenrack-engines",
        "monitoring-grafanadashboarddefinition-tokenrack-gateway",
        "monitoring-grafanadashboarddefinition-tokenrack-gpus",
        "monitoring-namespace",
        "monitoring-podmonitor-gateway",
        "monitoring-podmonitor-gpus",
        "monitoring-podmonitor-kuberay",
        "monitoring-podmonitor-ray",
      ]);
      const rules = recorder.get("monitoring-customprometheusrules-tokenrack");
      assert.equal(rules.type, "kubernetes:deckhouse.io/v1:CustomPrometheusRules");
      assert.match(rules.provider, /k8s::/);
      assert.ok(rules.dependencies.includes(recorder.get("monitoring-namespace").urn));
      assert.equal(await valueOf(made.ready), preview ? undefined : names.length);
    });

    it("puts Prometheus Operator's kinds elsewhere, and dashboards for Grafana's sidecar", async () => {
      const recorder = await record({ preview });
      const monitoring = planned(stageInput({ ...existing, monitoring: { kind: "prometheusOperator" } }));
      await settle(recorder, new Monitoring("monitoring", { monitoring }));
      const types = new Set(recorder.registered.map(({ type }) => type));
      for (const type of [
        "monitoring.coreos.com/v1:PodMonitor",
        "monitoring.coreos.com/v1:PrometheusRule",
        "core/v1:ConfigMap",
      ])
        assert.ok(types.has(`kubernetes:${type}`), type);
      assert.ok(![...types].some((type) => type.includes("deckhouse")));
    });
  });
