/** What people are told about. Each row says how it was found out that its series do what it needs. */
import type { MonitoringPlan } from "../../../plan/stages/monitoring";
import { objectNames } from "../../../plan/stages/names";
import { sortKeys, type JsonObject } from "../../text";

interface Alert {
  readonly alert: string;
  /** PromQL. */
  readonly expr: string;
  /** How long it has to be so. */
  readonly for: string;
  readonly severity: "critical" | "warning";
  readonly summary: string;
  /** What to look at. */
  readonly description: string;
}

/** A name of Serve's deployment of a model begins so; the rest is its served name. */
const engines = 'deployment=~"LLMServer:.+"';

/**
 * While an engine hangs, Ray goes on to say that its deployment is healthy (6), and vLLM's own gauges are gone within 30 s,
 * as nothing sets them. What stays is Serve's count of open requests: watched on Ray 2.60.0 with an engine that was stopped.
 * An engine that died is told as unhealthy (2) within 60 s, and deployed anew.
 */
function engineAlerts({ thresholds, servingNamespace: namespace }: MonitoringPlan): readonly Alert[] {
  const minutes = `${thresholds.stalledMinutes}m`;
  const here = `namespace="${namespace}"`;
  const busy = `min by (deployment, replica) (min_over_time(ray_serve_replica_processing_queries{${here},${engines}}[${minutes}])) > 0`;
  const tokens = `sum by (ReplicaId) (increase(ray_vllm_generation_tokens_total{${here}}[${minutes}]))`;
  return [
    {
      alert: "TokenrackEngineStalled",
      expr: `(${busy}) unless on (replica) (label_replace(${tokens}, "replica", "$1", "ReplicaId", "(.+)") > 0)`,
      for: "1m",
      severity: "critical",
      summary: "{{ $labels.deployment }} has requests and generates nothing",
      description: `Its HTTP answers and Ray calls it healthy, but no token came for ${minutes}. Delete the pod of its replica {{ $labels.replica }}.`,
    },
    {
      alert: "TokenrackEngineDown",
      expr: `max by (deployment) (ray_serve_deployment_status{${here},${engines}}) < 3`,
      for: "2m",
      severity: "critical",
      summary: "{{ $labels.deployment }} is not served",
      description:
        "Ray Serve says deploy failed (1) or unhealthy (2). See the application's status and the engine's log.",
    },
    {
      alert: "TokenrackRayGone",
      expr: `absent(ray_serve_application_status{${here}})`,
      for: "5m",
      severity: "critical",
      summary: "No Ray Serve tells anything",
      description: "Its head is gone, or nobody scrapes it. See the RayService and the PodMonitor `ray`.",
    },
    {
      alert: "TokenrackKvCacheFull",
      expr: `max by (model_name) (ray_vllm_kv_cache_usage_perc{${here}}) * 100 > ${thresholds.kvCachePercent}`,
      for: "10m",
      severity: "warning",
      summary: "The KV cache of {{ $labels.model_name }} is full",
      description: "New requests wait, and running ones are put off. Lower concurrency or context, or add a replica.",
    },
    {
      alert: "TokenrackQueue",
      expr: `sum by (model_name) (ray_vllm_num_requests_waiting{${here}}) > ${thresholds.waitingRequests}`,
      for: "10m",
      severity: "warning",
      summary: "{{ $value }} requests wait for {{ $labels.model_name }}",
      description: "More comes in than is generated. Add a replica, or lower the quotas.",
    },
  ];
}

function gatewayAlerts({ thresholds, servingNamespace: namespace }: MonitoringPlan): readonly Alert[] {
  const here = `namespace="${namespace}"`;
  return [
    {
      alert: "TokenrackGatewayDown",
      expr: `kube_deployment_status_replicas_available{${here},deployment="${objectNames.gateway}"} < 1`,
      for: "2m",
      severity: "critical",
      summary: "No gateway is ready",
      description: "Nobody gets in. See its pods.",
    },
    {
      alert: "TokenrackGatewayFailing",
      expr: `sum by (route) (rate(tokenrack_gateway_requests_total{${here},status=~"5.."}[5m])) / sum by (route) (rate(tokenrack_gateway_requests_total{${here}}[5m])) > 0.05`,
      for: "5m",
      severity: "critical",
      summary: "More than 5 % of the requests to {{ $labels.route }} fail",
      description: "See the gateway's log for their codes, and the engines.",
    },
    {
      alert: "TokenrackQuotaExhausted",
      expr: `sum by (subject, kind) (increase(tokenrack_gateway_quota_refusals_total{${here}}[10m])) > ${thresholds.quotaRefusals}`,
      for: "0m",
      severity: "warning",
      summary: "{{ $labels.subject }} has used up its {{ $labels.kind }} a minute, again and again",
      description: "Its quota is too small for what it does, or it does not wait as it is told to.",
    },
    {
      alert: "TokenrackQuotaStoreLost",
      expr: `min(tokenrack_gateway_quota_store_up{${here}}) == 0`,
      for: "2m",
      severity: "warning",
      summary: "The gateway's replicas do not share their quotas",
      description: "See the pods of valkey.",
    },
    {
      alert: "TokenrackGatewayConfigRefused",
      expr: `max by (what) (tokenrack_gateway_reload_refused{${here}}) == 1`,
      for: "5m",
      severity: "warning",
      summary: "The gateway does not take the new {{ $labels.what }}",
      description: "What was there before is still in force. Its log says why.",
    },
  ];
}

/** Exact counts need kube-state-metrics, and nodes with GPUs that are not this stack's are counted too. */
function gpuAlerts({ thresholds, gpus }: MonitoringPlan): readonly Alert[] {
  const resource = gpus.resource.replace(/[^a-z0-9]/g, "_");
  return [
    {
      alert: "TokenrackGpuLost",
      expr: `sum(kube_node_status_allocatable{resource="${resource}"}) < ${gpus.count}`,
      for: "5m",
      severity: "critical",
      summary: `{{ $value }} of ${gpus.count} GPUs are left`,
      description:
        "A card fell off its bus, or a node is gone. See the node's dmesg for Xid 79, and the device plugin.",
    },
    {
      alert: "TokenrackGpuXid",
      expr: "max by (Hostname, gpu, modelName) (DCGM_FI_DEV_XID_ERRORS) > 0",
      for: "0m",
      severity: "warning",
      summary: "Xid {{ $value }} on GPU {{ $labels.gpu }} of {{ $labels.Hostname }}",
      description: "The driver's last error of that card. Numbers: https://docs.nvidia.com/deploy/xid-errors/",
    },
    {
      alert: "TokenrackGpuHot",
      expr: `max by (Hostname, gpu, modelName) (DCGM_FI_DEV_GPU_TEMP) > ${thresholds.gpuCelsius}`,
      for: "10m",
      severity: "warning",
      summary: "GPU {{ $labels.gpu }} of {{ $labels.Hostname }} has {{ $value }} degrees",
      description: "It slows down. See its fans, or cap its power by gpu.powerLimitWatts.",
    },
  ];
}

const oneDaySeconds = 86_400;

function clusterAlerts(plan: MonitoringPlan): readonly Alert[] {
  const { thresholds, certificateNamespaces, servingNamespace, modelClaim } = plan;
  const names = certificateNamespaces.join("|");
  // A certificate's own namespace has the first name where the monitor of cert-manager keeps its own labels.
  const expiry = (label: string): string =>
    `certmanager_certificate_expiration_timestamp_seconds{${label}=~"${names}"}`;
  const claim = `namespace="${servingNamespace}",persistentvolumeclaim="${modelClaim}"`;
  return [
    {
      alert: "TokenrackCertificate",
      expr: `(min by (name) (${expiry("exported_namespace")} or ${expiry("namespace")}) - time()) / ${oneDaySeconds} < ${thresholds.certificateDays}`,
      for: "1h",
      severity: "warning",
      summary: "The certificate {{ $labels.name }} has {{ $value }} days left",
      description: "cert-manager should have a new one by now. See its Certificate and CertificateRequest.",
    },
    {
      alert: "TokenrackModelVolume",
      expr: `max by (persistentvolumeclaim) (100 * (1 - kubelet_volume_stats_available_bytes{${claim}} / kubelet_volume_stats_capacity_bytes{${claim}})) > ${thresholds.volumePercent}`,
      for: "15m",
      severity: "warning",
      summary: "The volume of the models is {{ $value }} % full",
      description: "The next revision of a model may not fit. Remove an old one, or write a larger modelStore.sizeGib.",
    },
  ];
}

/** What Deckhouse sorts its alerts by, 1 to 9. @see https://deckhouse.io/products/kubernetes-platform/documentation/v1/modules/prometheus/ */
const deckhouseLevels = { critical: "3", warning: "6" } as const;

/** Groups of a PrometheusRule, or of Deckhouse's CustomPrometheusRules. */
export function ruleGroups(plan: MonitoringPlan): readonly JsonObject[] {
  const groups: Readonly<Record<string, readonly Alert[]>> = {
    engines: engineAlerts(plan),
    gateway: gatewayAlerts(plan),
    gpus: gpuAlerts(plan),
    cluster: clusterAlerts(plan),
  };
  return Object.entries(groups).map(([name, alerts]) =>
    sortKeys({
      name: `${plan.servingNamespace}-${name}`,
      rules: alerts.map(({ severity, summary, description, ...alert }) => ({
        ...alert,
        labels: {
          severity,
          stack: plan.servingNamespace,
          ...(plan.kind === "deckhouse" ? { severity_level: deckhouseLevels[severity] } : {}),
        },
        annotations: { summary, description },
      })),
    }),
  );
}
