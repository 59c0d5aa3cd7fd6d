import assert from "node:assert/strict";
import { formatFault } from "../../../config/errors";
import { planGpuStack } from "../../../plan/stages/gpuStack";
import { planMonitoring, type MonitoringPlan } from "../../../plan/stages/monitoring";
import type { Staged, StageInput } from "../../../plan/stages/types";
import { existing, proxmox } from "../../config/stacks";
import { committedInput, stageInput } from "./cases";

const planned = (input: StageInput): Staged<MonitoringPlan | undefined> =>
  planMonitoring(input, planGpuStack(input).plan);
const given = (monitoring: object, more: object = {}): Staged<MonitoringPlan | undefined> =>
  planned(stageInput({ ...existing, ...more, monitoring }));

describe("stage 10: monitoring", () => {
  it("is nobody's on a cluster that was there already, unless it is said", () => {
    assert.deepEqual(planned(committedInput("a100")), { plan: undefined, faults: [], warnings: [] });
  });

  it("is Deckhouse's on a cluster of its own: by its labels, and with every GPU counted", () => {
    const { plan, faults } = planned(committedInput("homelab"));
    assert.deepEqual(faults, []);
    assert.equal(plan?.kind, "deckhouse");
    assert.deepEqual(plan?.labels, { prometheus: "main" });
    assert.deepEqual(plan?.namespaceLabels, { "prometheus.deckhouse.io/monitor-watcher-enabled": "true" });
    assert.deepEqual(plan?.gpus, { resource: "nvidia.com/gpu", count: 4 });
    assert.equal(plan?.dcgmNamespace, "gpu-operator");
  });

  it("scrapes NVIDIA's exporter where it is ours", () => {
    assert.equal(given({ kind: "prometheusOperator" }).plan?.dcgmNamespace, "gpu-operator");
    const preinstalled = given({ kind: "prometheusOperator" }, { gpu: { mode: "preinstalled" } });
    assert.equal(preinstalled.plan?.dcgmNamespace, undefined);
  });

  it("takes the labels that a Prometheus chooses by, and the stack's own claim and pages", () => {
    const { plan } = given(
      { kind: "prometheusOperator", labels: { release: "kps" }, thresholds: { certificateDays: 7 } },
      {
        modelStore: { existingClaim: "weights" },
        chat: { kind: "openWebUi", host: "chat.my.org", adminEmail: "a@my.org" },
      },
    );
    assert.deepEqual([plan?.labels, plan?.namespaceLabels], [{ release: "kps" }, {}]);
    assert.deepEqual([plan?.modelClaim, plan?.thresholds.certificateDays], ["weights", 7]);
    assert.deepEqual(plan?.certificateNamespaces, ["tokenrack", "tokenrack-chat"]);
  });

  it("refuses Deckhouse's own way on a cluster that it cannot know, and tells the way that works there", () => {
    const { faults } = given({ kind: "deckhouse" });
    assert.match(
      faults.map(formatFault).join("\n"),
      /^monitoring\.kind: found deckhouse on a cluster that was there already; .*labels: \{ prometheus: main \}/,
    );
    assert.deepEqual(planned(stageInput({ ...proxmox, monitoring: { kind: "deckhouse" } })).faults, []);
  });
});
