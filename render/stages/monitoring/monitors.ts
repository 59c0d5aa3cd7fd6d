/** What Prometheus scrapes, as Prometheus Operator's PodMonitors: it finds pods, whatever service there is before them. */
import { namespaces, partOf, type Component } from "../../../plan/stages/names";
import type { MonitoringPlan } from "../../../plan/stages/monitoring";
import type { Manifest } from "../../manifest";
import { sortKeys, type JsonObject } from "../../text";

/** Seconds between two scrapes. */
const everySeconds = 15;

interface Target {
  readonly name: string;
  readonly namespace: string;
  readonly selector: JsonObject;
  /** Name of the container's port. */
  readonly port: string;
}

const withComponent = (...components: readonly Component[]): JsonObject => ({
  matchExpressions: [{ key: "app.kubernetes.io/component", operator: "In", values: components }],
});

function podMonitor({ name, namespace, selector, port }: Target, plan: MonitoringPlan): Manifest {
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PodMonitor",
    metadata: {
      name,
      namespace: plan.namespace,
      labels: { "app.kubernetes.io/part-of": partOf, ...plan.labels },
    },
    spec: sortKeys({
      namespaceSelector: { matchNames: [namespace] },
      selector,
      podMetricsEndpoints: [{ port, path: "/metrics", interval: `${everySeconds}s` }],
    }),
  };
}

/**
 * Ray's head and workers, the gateway, KubeRay's operator, and NVIDIA's exporter where nobody else scrapes it. Its pods'
 * label and port are those of gpu-operator's assets/state-dcgm-exporter.
 */
export function podMonitors(plan: MonitoringPlan): readonly Manifest[] {
  const { servingNamespace: namespace, dcgmNamespace } = plan;
  const targets: readonly Target[] = [
    { name: "ray", namespace, selector: withComponent("ray-head", "ray-worker"), port: "metrics" },
    { name: "gateway", namespace, selector: withComponent("gateway"), port: "metrics" },
    { name: "kuberay", namespace: namespaces.kubeRay, selector: withComponent("kuberay-operator"), port: "http" },
    ...(dcgmNamespace === undefined
      ? []
      : [
          {
            name: "gpus",
            namespace: dcgmNamespace,
            selector: { matchLabels: { app: "nvidia-dcgm-exporter" } },
            port: "metrics",
          },
        ]),
  ];
  return targets.map((target) => podMonitor(target, plan));
}
