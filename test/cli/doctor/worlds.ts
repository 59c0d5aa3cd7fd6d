/** Clusters as kubectl tells them, for a plan: all well, and what a test breaks. */
import { onPool } from "../../../plan/stages/scheduling";
import type { ClusterPlan } from "../../../plan/types";

export type Json = Readonly<Record<string, unknown>>;

export const node = (name: string, labels: Json, gpus: number, ready = "True", message = ""): Json => ({
  metadata: { name, labels },
  status: {
    conditions: [
      { type: "DiskPressure", status: "False" },
      { type: "Ready", status: ready, reason: ready === "True" ? "KubeletReady" : "NodeStatusUnknown", message },
    ],
    allocatable: { cpu: "16", ...(gpus === 0 ? {} : { "nvidia.com/gpu": String(gpus) }) },
  },
});

/** A pod that runs; or whose container waits for a reason. */
export const pod = (
  namespace: string,
  name: string,
  how: { node?: string; labels?: Json; waiting?: string; message?: string; exit?: number; pending?: string } = {},
): Json => {
  const { node: nodeName = "n1", labels = {}, waiting, message, exit, pending } = how;
  const last = exit === undefined ? {} : { lastState: { terminated: { exitCode: exit, reason: "Error" } } };
  const state =
    waiting === undefined ? {} : { waiting: { reason: waiting, ...(message === undefined ? {} : { message }) } };
  const container = { name: "main", ready: waiting === undefined, state, ...last };
  const unplaced = { type: "PodScheduled", status: "False", reason: "Unschedulable", message: pending };
  return {
    metadata: { name, namespace, labels },
    spec: pending === undefined ? { nodeName } : {},
    status: {
      phase: waiting === undefined && pending === undefined ? "Running" : "Pending",
      conditions: pending === undefined ? [] : [unplaced],
      ...(pending === undefined ? { containerStatuses: [container] } : {}),
    },
  };
};

export const deployment = (replicas: number, ready = replicas): Json => ({
  spec: { replicas },
  status: { readyReplicas: ready },
});

export const job = (name: string, condition?: string, message = ""): Json => ({
  metadata: { name },
  status: { conditions: condition === undefined ? [] : [{ type: condition, status: "True", message }] },
});

export const rayService = (applications: Json, more: Json = {}): Json => ({
  metadata: { name: "llm", generation: 3 },
  status: {
    observedGeneration: 3,
    conditions: [],
    activeServiceStatus: { rayClusterName: "llm-abcde", applicationStatuses: applications },
    ...more,
  },
});

const component = (name: string): Json => ({ "app.kubernetes.io/component": name });

/** A cluster on which all of a plan is well. */
export interface World {
  kubeconfig: string;
  version: string;
  nodes: Json[];
  pods: Record<string, Json[]>;
  deployments: Record<string, Json>;
  jobs: Record<string, Json[]>;
  rayService: Json | undefined;
  defined: boolean;
  logs: Record<string, string>;
  refuse: Record<string, string>;
}

function nodesOf({ pools, stages }: ClusterPlan): Json[] {
  return pools.flatMap((pool) => {
    const gpus = stages.gpuStack.pools.find(({ name }) => name === pool.name)?.allocatable ?? 0;
    return Array.from({ length: pool.count }, (_, index) =>
      node(`${pool.name}-${index + 1}`, onPool(pool).nodeSelector, gpus),
    );
  });
}

export function wellWorld(plan: ClusterPlan, kubeconfig: string): World {
  const { served, modelStore, gateway, kubeRay } = plan.stages;
  const { namespace } = served;
  const nodes = nodesOf(plan);
  const gpuNodes = plan.pools.flatMap(({ name, gpusPerNode, count }) =>
    gpusPerNode === 0 ? [] : Array.from({ length: count }, (_, index) => `${name}-${index + 1}`),
  );
  const operands = ["driver-daemonset", "container-toolkit-daemonset", "device-plugin-daemonset", "operator-validator"];
  const workers = served.groups.flatMap(({ name, hosts, replicas }) =>
    Array.from({ length: hosts * replicas }, (_, index) =>
      pod(namespace, `llm-${name}-worker-${index}`, {
        labels: { ...component("ray-worker"), "ray.io/group": name, "ray.io/node-type": "worker" },
      }),
    ),
  );
  return {
    kubeconfig,
    version: "v1.34.2",
    nodes,
    pods: {
      "gpu-operator": gpuNodes.flatMap((on) =>
        operands.map((name) => pod("gpu-operator", `nvidia-${name}-${on}`, { node: on })),
      ),
      [kubeRay.namespace]: [pod(kubeRay.namespace, "kuberay-operator-1")],
      [namespace]: [
        pod(namespace, "llm-head", { labels: { ...component("ray-head"), "ray.io/node-type": "head" } }),
        ...workers,
        ...Array.from({ length: gateway.replicas }, (_, index) =>
          pod(namespace, `gateway-${index}`, { labels: component("gateway") }),
        ),
        pod(namespace, "valkey-0", { labels: component("valkey") }),
      ],
    },
    deployments: {
      [`${kubeRay.namespace}/kuberay-operator`]: deployment(1),
      [`${namespace}/gateway`]: deployment(gateway.replicas),
    },
    jobs: { [namespace]: modelStore.models.map((model) => job(model.job, "Complete")) },
    rayService: rayService(
      Object.fromEntries(served.models.map(({ application }) => [application, { status: "RUNNING" }])),
    ),
    defined: true,
    logs: {},
    refuse: {},
  };
}
