/** Everything that stage 10 puts on the cluster. */
import type { MonitoringPlan } from "../../../plan/stages/monitoring";
import { partOf } from "../../../plan/stages/names";
import { engines } from "../dashboards/engines";
import { gateway } from "../dashboards/gateway";
import { gpus } from "../dashboards/gpus";
import { renderDashboard, type Dashboard } from "../dashboards/panels";
import { namespaceManifest, type Manifest } from "../../manifest";
import { ruleGroups } from "./alerts";
import { podMonitors } from "./monitors";

/** Our dashboards. */
export const dashboards: readonly Dashboard[] = [engines, gpus, gateway];

const common = { "app.kubernetes.io/part-of": partOf } as const;

/** The namespace of monitors, rules and dashboards. Nothing runs in it. */
export function monitoringNamespace({ namespace, namespaceLabels }: MonitoringPlan): Manifest {
  const manifest = namespaceManifest(namespace, "restricted");
  return {
    ...manifest,
    metadata: { ...manifest.metadata, labels: { ...manifest.metadata.labels, ...namespaceLabels } },
  };
}

/** Deckhouse makes a PrometheusRule of it, in its own namespace. It belongs to the whole cluster, as dashboards do there. */
const deckhouseRules = (plan: MonitoringPlan): Manifest => ({
  apiVersion: "deckhouse.io/v1",
  kind: "CustomPrometheusRules",
  metadata: { name: plan.servingNamespace, labels: common },
  spec: { groups: ruleGroups(plan) },
});

const operatorRules = (plan: MonitoringPlan): Manifest => ({
  apiVersion: "monitoring.coreos.com/v1",
  kind: "PrometheusRule",
  metadata: { name: "tokenrack", namespace: plan.namespace, labels: { ...common, ...plan.labels } },
  spec: { groups: ruleGroups(plan) },
});

/** @see https://deckhouse.io/products/kubernetes-platform/documentation/v1/modules/prometheus/cr.html; its successor is the module `observability` */
const deckhouseDashboard = (dashboard: Dashboard): Manifest => ({
  apiVersion: "deckhouse.io/v1",
  kind: "GrafanaDashboardDefinition",
  metadata: { name: dashboard.uid, labels: common },
  spec: { folder: "Tokenrack", definition: JSON.stringify(renderDashboard(dashboard), null, 2) },
});

/** What the sidecar of Grafana's chart finds by its label. */
const sidecarDashboard = (dashboard: Dashboard, { namespace, dashboardLabels }: MonitoringPlan): Manifest => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: dashboard.uid, namespace, labels: { ...common, ...dashboardLabels } },
  data: { [`${dashboard.uid}.json`]: JSON.stringify(renderDashboard(dashboard), null, 2) },
});

/** All objects but the namespace. */
export const monitoringObjects = (plan: MonitoringPlan): readonly Manifest[] =>
  plan.kind === "deckhouse"
    ? [...podMonitors(plan), deckhouseRules(plan), ...dashboards.map(deckhouseDashboard)]
    : [...podMonitors(plan), operatorRules(plan), ...dashboards.map((dashboard) => sidecarDashboard(dashboard, plan))];

/** CustomResourceDefinitions of those objects by name, each once, sorted. ConfigMaps need none. */
export const monitoringDefinitions = (plan: MonitoringPlan): readonly string[] => {
  const names = monitoringObjects(plan)
    .filter(({ apiVersion }) => apiVersion.includes("/"))
    .map(({ apiVersion, kind }) => `${kind.toLowerCase().replace(/s?$/, "s")}.${apiVersion.split("/")[0] ?? ""}`);
  return [...new Set(names)].sort();
};
