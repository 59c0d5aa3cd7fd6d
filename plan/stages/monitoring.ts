/** Stage 10: who scrapes what, and what people are told about. */
import type { Fault } from "../../config/errors";
import type { MonitoringProfile } from "../../config/schema/stages/monitoring";
import { chatNamespaceOf } from "./arrows";
import type { GpuStackPlan } from "./gpuStack";
import { namespaces, objectNames } from "./names";
import type { Staged, StageInput } from "./types";

type Labels = Readonly<Record<string, string>>;

/** Stage 10 as decided. */
export interface MonitoringPlan {
  readonly kind: "prometheusOperator" | "deckhouse";
  /** Where monitors, rules and dashboards are. It has no pods. */
  readonly namespace: string;
  readonly namespaceLabels: Labels;
  /** Of monitors and rules. */
  readonly labels: Labels;
  /** Of dashboards, under Prometheus Operator. */
  readonly dashboardLabels: Labels;
  /** Where models and the gateway are. */
  readonly servingNamespace: string;
  /** Where certificates are looked at. */
  readonly certificateNamespaces: readonly string[];
  /** Claim of the model volume, in the serving namespace. */
  readonly modelClaim: string;
  /** Where NVIDIA's exporter is; absent where somebody else scrapes it, or there is none. */
  readonly dcgmNamespace?: string;
  /** What all nodes together have to offer, and by which name: fewer, and a GPU fell off. */
  readonly gpus: { readonly resource: string; readonly count: number };
  /** Served model names. */
  readonly models: readonly string[];
  readonly thresholds: MonitoringProfile["thresholds"];
}

/** Labels by which Deckhouse's Prometheus takes monitors. @see https://deckhouse.io/products/kubernetes-platform/documentation/v1/user/monitoring/app.html */
const deckhouse = {
  labels: { prometheus: "main" },
  namespaceLabels: { "prometheus.deckhouse.io/monitor-watcher-enabled": "true" },
} as const;

/** Who scrapes a stack's metrics. */
export const scraperOf = ({ profile: { monitoring, platform } }: StageInput): "none" | MonitoringPlan["kind"] =>
  monitoring.kind ?? (platform.kind === "proxmox" ? "deckhouse" : "none");

/** A cluster that is there already may be Deckhouse's, and nobody here can tell. */
function faultsOf(input: StageInput): readonly Fault[] {
  if (input.profile.platform.kind === "proxmox" || scraperOf(input) !== "deckhouse") return [];
  return [
    {
      path: "monitoring.kind",
      found: "deckhouse on a cluster that was there already",
      needed: "prometheusOperator, which every Prometheus Operator understands, Deckhouse's too",
      fix:
        "write `kind: prometheusOperator`; on Deckhouse also `labels: { prometheus: main }` and `namespaceLabels: " +
        '{ prometheus.deckhouse.io/monitor-watcher-enabled: "true", prometheus.deckhouse.io/rules-watcher-enabled: "true" }`',
    },
  ];
}

/** Plans stage 10; without a scraper there is no plan. */
export function planMonitoring(input: StageInput, gpuStack: GpuStackPlan): Staged<MonitoringPlan | undefined> {
  const { profile, serving } = input;
  const kind = scraperOf(input);
  const faults = faultsOf(input);
  if (kind === "none") return { plan: undefined, faults, warnings: [] };
  const { labels, namespaceLabels, dashboardLabels, thresholds } = profile.monitoring;
  const { namespace } = profile.serving;
  const own = kind === "deckhouse" ? deckhouse : { labels: {}, namespaceLabels: {} };
  const dcgm = gpuStack.operator !== undefined;
  const plan: MonitoringPlan = {
    kind,
    namespace: `${namespace}-monitoring`,
    labels: { ...own.labels, ...labels },
    namespaceLabels: { ...own.namespaceLabels, ...namespaceLabels },
    dashboardLabels,
    servingNamespace: namespace,
    certificateNamespaces: [namespace, ...(profile.chat.kind === "none" ? [] : [chatNamespaceOf(namespace)])],
    modelClaim: profile.modelStore.existingClaim ?? objectNames.modelClaim,
    ...(dcgm ? { dcgmNamespace: namespaces.gpuOperator } : {}),
    gpus: {
      resource: gpuStack.resource,
      count: gpuStack.pools.reduce((sum, { count, allocatable }) => sum + count * allocatable, 0),
    },
    models: serving.models.map(({ name }) => name),
    thresholds,
  };
  return { plan, faults, warnings: [] };
}
