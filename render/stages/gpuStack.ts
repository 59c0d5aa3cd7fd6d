/**
 * Values of the charts that make GPUs allocatable, and what caps their power.
 * @see https://github.com/NVIDIA/gpu-operator/tree/v26.7.0 deployments/gpu-operator/values.yaml
 * @see https://github.com/Project-HAMi/HAMi/tree/v2.10.0 charts/hami/values.yaml
 */
import type { GpuOperatorPlan, GpuPoolPlan, GpuStackPlan, HamiPlan, HamiResources } from "../../plan/stages/gpuStack";
import type { PullPlan } from "../../plan/stages/images";
import { partOf } from "../../plan/stages/names";
import type { Scheduling } from "../../plan/stages/types";
import { namespaceManifest, pullSecrets, type Manifest } from "../manifest";
import { sortKeys, toYaml, type Json, type JsonObject } from "../text";

const list = (tolerations: Scheduling["tolerations"]): JsonObject[] => tolerations.map((one) => ({ ...one }));

/** Tolerations of a control plane's nodes, which the charts have and a list of ours replaces. */
const controlPlane = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"].map((key) => ({
  key,
  operator: "Exists",
  effect: "NoSchedule",
}));
/** What the charts tolerate on GPU nodes by themselves. */
const usual = { key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" };

/** Containerd's part for the toolkit, where it is not the operator's own. */
const toolkitEnv = (dropIn: string | undefined): JsonObject[] =>
  dropIn === undefined ? [] : [{ name: "RUNTIME_DROP_IN_CONFIG", value: dropIn }];

const sharing = (timeSlicing: GpuOperatorPlan["timeSlicing"]): JsonObject => {
  const entries = Object.entries(timeSlicing);
  if (entries.length === 0) return {};
  const data = Object.fromEntries([
    // Nodes that name no configuration keep whole GPUs.
    ["whole", toYaml({ version: "v1" })],
    ...entries.map(([pool, replicas]) => [
      pool,
      toYaml({ version: "v1", sharing: { timeSlicing: { resources: [{ name: "nvidia.com/gpu", replicas }] } } }),
    ]),
  ]) as JsonObject;
  return { config: { create: true, name: "device-plugin-config", default: "whole", data } };
};

/** Parts of the operator with an image, each of which wants to be told by name. */
const operands = [
  "dcgm",
  "dcgmExporter",
  "devicePlugin",
  "driver",
  "gfd",
  "migManager",
  "operator",
  "toolkit",
  "validator",
];

/** Values of the GPU Operator. */
export function gpuOperatorValues(plan: GpuOperatorPlan): JsonObject {
  const values = operatorValues(plan);
  const { pullSecret } = plan;
  if (pullSecret === undefined) return sortKeys(values);
  const given = operands.map((name) => [name, { ...asObject(values[name]), imagePullSecrets: [pullSecret] }]);
  const discovery = { ...asObject(values[discoveryChart]), ...pullSecrets(plan) };
  return sortKeys({ ...values, ...(Object.fromEntries(given) as JsonObject), [discoveryChart]: discovery });
}

const discoveryChart = "node-feature-discovery";

const asObject = (value: Json | undefined): JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};

function operatorValues(plan: GpuOperatorPlan): JsonObject {
  const { driver, toolkit, migStrategy, timeSlicing, devicePlugin, tolerations } = plan;
  return {
    // Upgraded by a hook of the chart, as Helm upgrades no definitions.
    operator: { upgradeCRD: true, cleanupCRD: false, tolerations: [...controlPlane, ...list(tolerations)] },
    daemonsets: { tolerations: [usual, ...list(tolerations)] },
    driver:
      driver === false
        ? { enabled: false }
        : { enabled: true, ...(driver.version === undefined ? {} : { version: driver.version }) },
    toolkit: toolkit === false ? { enabled: false } : { enabled: true, env: toolkitEnv(toolkit.dropIn) },
    // On nodes that came with a toolkit, containerd may know nothing of CDI.
    cdi: { enabled: toolkit !== false },
    devicePlugin: { enabled: devicePlugin, ...sharing(timeSlicing) },
    mig: { strategy: migStrategy },
    // Its own monitor needs definitions that may not be there, and knows no labels of ours: stage 10 has one.
    dcgmExporter: { enabled: true, serviceMonitor: { enabled: false } },
    sandboxWorkloads: { enabled: false },
    psa: { enabled: false },
    [discoveryChart]: { worker: { tolerations: [usual, ...controlPlane, ...list(tolerations)] } },
  };
}

/** HAMi's own names. */
const hamiNames: HamiResources = {
  gpu: "nvidia.com/gpu",
  memory: "nvidia.com/gpumem",
  memoryPercentage: "nvidia.com/gpumem-percentage",
  cores: "nvidia.com/gpucores",
  priority: "nvidia.com/priority",
};

/** Values of HAMi beside the operator. Its own defaults open three node ports and take the scheduler from another registry. */
export function hamiValues({ splitCount, tolerations, pullSecret, resources = hamiNames }: HamiPlan): JsonObject {
  const service = { type: "ClusterIP" };
  return sortKeys({
    ...(pullSecret === undefined ? {} : { global: { imagePullSecrets: [pullSecret] } }),
    resourceName: resources.gpu,
    resourceMem: resources.memory,
    resourceMemPercentage: resources.memoryPercentage,
    resourceCores: resources.cores,
    resourcePriority: resources.priority,
    scheduler: {
      // The tag stays empty: HAMi takes the cluster's own version.
      kubeScheduler: { image: { registry: "registry.k8s.io", repository: "kube-scheduler" } },
      service,
    },
    devicePlugin: {
      deviceSplitCount: splitCount,
      runtimeClassName: "nvidia",
      nvidiaDriverRoot: "/run/nvidia/driver",
      gpuOperatorToolkitReady: { enabled: true },
      nvidiaNodeSelector: { "nvidia.com/gpu.present": "true" },
      tolerations: [usual, ...list(tolerations)],
      service,
    },
  });
}

/** The operands change the nodes they run on: no level of pod security lets them. */
export const gpuNamespaces = ({ operator, hami }: GpuStackPlan): readonly Manifest[] =>
  [operator?.namespace, hami?.namespace].flatMap((name) =>
    name === undefined ? [] : [namespaceManifest(name, "privileged")],
  );

/** How often a limit is set again, in seconds: a driver that was loaded anew has forgotten it. */
const limitEverySeconds = 300;

/**
 * Keeps the power limit of a pool's cards. Privileged, as only root of the node may set it; in the operator's namespace.
 * Its image only has to have a shell: `nvidia-smi` comes from the runtime class.
 */
export function powerLimit(pool: GpuPoolPlan, namespace: string, image: string, pull: PullPlan = {}): Manifest {
  const { name, scheduling, powerLimitWatts = 0 } = pool;
  const labels = { "app.kubernetes.io/part-of": partOf, "app.kubernetes.io/component": `power-limit-${name}` };
  const loop = `while nvidia-smi --power-limit=${powerLimitWatts}; do sleep ${limitEverySeconds}; done`;
  const container = {
    name: "power-limit",
    image,
    command: ["/bin/sh", "-c", loop],
    env: [
      { name: "NVIDIA_VISIBLE_DEVICES", value: "all" },
      { name: "NVIDIA_DRIVER_CAPABILITIES", value: "utility" },
    ],
    resources: { requests: { cpu: "5m", memory: "32Mi" }, limits: { memory: "64Mi" } },
    securityContext: { privileged: true },
  };
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: `power-limit-${name}`, namespace, labels },
    spec: sortKeys({
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          runtimeClassName: "nvidia",
          ...pullSecrets(pull),
          nodeSelector: scheduling.nodeSelector,
          tolerations: [usual, ...list(scheduling.tolerations)],
          containers: [container],
        },
      },
    }),
  };
}
