/** Pods of the Ray cluster: head, workers, and the Job that fills a compile cache. All keep the level `restricted`. */
import { cacheDirectory, modelsMount, objectNames, ports } from "../../../plan/stages/names";
import type { PodGpu, ServedModelPlan, ServedPlan, WorkerGroupPlan } from "../../../plan/stages/served";
import { containerSecurity, labelsOf, podSecurity, pullSecrets } from "../../manifest";
import type { Json, JsonObject } from "../../text";
import { subPath } from "../../volume";
import { drainSeconds } from "./serveConfig";

/** User `ray` of Ray's images. @see https://github.com/ray-project/ray/tree/master/docker/base-deps */
export const rayUser = 1000;

/** Seconds that one request may take; Ray's own 600 would cut long answers. */
const requestSeconds = 3600;

const mib = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)}Mi`;

/** Environment variables in the order of their names. */
export const env = (values: Readonly<Record<string, string | JsonObject>>): readonly JsonObject[] =>
  Object.entries(values)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => (typeof value === "string" ? { name, value } : { name, valueFrom: value }));

/** What no process of ours may do: fetch models, and report home. */
export const offline = {
  DO_NOT_TRACK: "1",
  HF_HUB_OFFLINE: "1",
  RAY_USAGE_STATS_ENABLED: "0",
  TRANSFORMERS_OFFLINE: "1",
  VLLM_NO_USAGE_STATS: "1",
} as const;

const podIp = { fieldRef: { fieldPath: "status.podIP" } } as const;

/** Seconds after which Ray gives up a start. Longer than any bring-up waits: then that says what is in the way. */
const engineStartSeconds = 14_400;

/** Environment of every Ray container. */
const rayEnv = {
  ...offline,
  RAYLLM_ENGINE_START_TIMEOUT_S: String(engineStartSeconds),
  RAY_SERVE_LLM_ROUTER_HTTP_TIMEOUT: String(requestSeconds),
  // Ranks of one replica talk to each other on the pod's own address and no other.
  VLLM_HOST_IP: podIp,
} as const;

type Scheduled = ServedPlan["head"]["scheduling"];

/** Fields of a pod that keep it where and what it is to be. @param token whether it may talk to Kubernetes' API */
const podFields = ({ nodeSelector, tolerations }: Scheduled, plan: ServedPlan, token = false): JsonObject => ({
  ...(token ? {} : { automountServiceAccountToken: false }),
  enableServiceLinks: false,
  ...pullSecrets(plan),
  nodeSelector,
  tolerations: tolerations.map((one) => ({ ...one })),
  securityContext: podSecurity(rayUser),
  ...(plan.priorityClass === undefined ? {} : { priorityClassName: plan.priorityClass }),
});

const gpuFields = ({ runtimeClass, scheduler }: PodGpu): JsonObject => ({
  ...(runtimeClass === undefined ? {} : { runtimeClassName: runtimeClass }),
  ...(scheduler === undefined ? {} : { schedulerName: scheduler }),
});

const gpuResources = ({ resource = "nvidia.com/gpu" }: PodGpu, { gpus, more = {} }: WorkerGroupPlan): JsonObject => ({
  [resource]: String(gpus),
  ...more,
});

/** Extended resources are both: Kubernetes takes no request without its limit. Memory has no limit, because a page cache that is too small only makes a start slow. */
function workerResources(group: WorkerGroupPlan, gpu: PodGpu): JsonObject {
  const gpus = gpuResources(gpu, group);
  return { requests: { cpu: String(group.cpus), memory: mib(group.memory), ...gpus }, limits: gpus };
}

/** Ends the answers that run before Ray is stopped, as far as `drainSeconds` allow. */
const drain = `sleep 5
tries=${drainSeconds / 2}
while [ "$tries" -gt 0 ]; do
  busy=$(wget -q -T 2 -O - http://127.0.0.1:${ports.rayMetrics}/metrics | awk '/^ray_vllm_num_requests_running/ { sum += $NF } END { print sum + 0 }')
  [ "$busy" != 0 ] || break
  tries=$((tries - 1))
  sleep 2
done
ray stop --grace-period 20`;

/** Weights can only be read; the caches' directory can be written. */
const modelMounts = ({ claimDirectory }: ServedPlan): JsonObject[] => [
  { name: "models", mountPath: modelsMount, readOnly: true, ...subPath(claimDirectory) },
  { name: "models", mountPath: "/cache", ...subPath(claimDirectory, cacheDirectory) },
];

const sharedMemory = (group: WorkerGroupPlan): JsonObject => ({
  // KubeRay's own name: without one it adds a volume without a limit.
  name: "shared-mem",
  emptyDir: { medium: "Memory", sizeLimit: mib(group.sharedMemory) },
});

const modelVolume = ({ claim }: ServedPlan): JsonObject => ({
  name: "models",
  persistentVolumeClaim: { claimName: claim },
});

/** The cloud credentials of a model's adapters, as a file. */
function adapters(model: ServedModelPlan | undefined): {
  env: Record<string, string>;
  mounts: Json[];
  volumes: Json[];
} {
  const secret = model?.lora?.credentialsSecret;
  if (secret === undefined) return { env: {}, mounts: [], volumes: [] };
  return {
    env: { AWS_SHARED_CREDENTIALS_FILE: "/var/run/adapters/credentials" },
    mounts: [{ name: "adapters", mountPath: "/var/run/adapters", readOnly: true }],
    volumes: [{ name: "adapters", secret: { secretName: secret, defaultMode: 0o440 } }],
  };
}

const port = (name: string, containerPort: number): JsonObject => ({ name, containerPort });

/** Template of a group's pods. Probes are KubeRay's: ready means that Serve's proxy answers. */
export function workerTemplate(
  plan: ServedPlan,
  group: WorkerGroupPlan,
  annotations: Readonly<Record<string, string>> = {},
): JsonObject {
  const given = adapters(plan.models.find(({ name }) => name === group.model));
  return {
    metadata: { labels: labelsOf("ray-worker"), annotations },
    spec: {
      ...podFields(group.scheduling, plan),
      ...gpuFields(plan.gpu),
      terminationGracePeriodSeconds: drainSeconds + 60,
      containers: [
        {
          name: "ray-worker",
          image: plan.image,
          env: env({ ...rayEnv, ...given.env }),
          lifecycle: { preStop: { exec: { command: ["/bin/sh", "-c", drain] } } },
          ports: [port("serve", ports.serve), port("metrics", ports.rayMetrics)],
          resources: workerResources(group, plan.gpu),
          securityContext: containerSecurity(false),
          volumeMounts: [
            { name: "shared-mem", mountPath: "/dev/shm" },
            { name: "ray-logs", mountPath: "/tmp/ray" },
            ...modelMounts(plan),
            ...given.mounts,
          ],
        },
      ],
      volumes: [sharedMemory(group), { name: "ray-logs", emptyDir: {} }, modelVolume(plan), ...given.volumes],
    },
  };
}

/** Certificate of the state's store, for the head. */
const storeFields = (plan: ServedPlan): { env: Record<string, string>; mounts: Json[]; volumes: Json[] } =>
  plan.faultTolerance === undefined
    ? { env: {}, mounts: [], volumes: [] }
    : {
        env: { RAY_REDIS_CA_CERT: "/var/run/ray-store/ca.crt" },
        mounts: [{ name: "store-ca", mountPath: "/var/run/ray-store", readOnly: true }],
        volumes: [
          {
            name: "store-ca",
            secret: { secretName: storeTlsName, items: [{ key: "ca.crt", path: "ca.crt" }], defaultMode: 0o440 },
          },
        ],
      };

/** Name of the store of the head's state: its StatefulSet, Service and Secret. */
export const storeName = "ray-store";
/** Name of its certificate, and of the Secret that cert-manager puts it into. */
export const storeTlsName = "ray-store-tls";

/** Template of the head: no GPU, no model. */
export function headTemplate(plan: ServedPlan, annotations: Readonly<Record<string, string>> = {}): JsonObject {
  const { scheduling, cpus, memoryGib } = plan.head;
  const store = storeFields(plan);
  return {
    metadata: { labels: labelsOf("ray-head"), annotations },
    spec: {
      // Ray's autoscaler asks Kubernetes for pods, as the account that KubeRay makes for it.
      ...podFields(scheduling, plan, plan.autoscaling),
      terminationGracePeriodSeconds: 60,
      containers: [
        {
          name: "ray-head",
          image: plan.image,
          env: env({ ...rayEnv, ...store.env }),
          ports: [
            port("gcs-server", ports.gcs),
            port("dashboard", ports.dashboard),
            port("client", ports.client),
            port("serve", ports.serve),
            port("metrics", ports.rayMetrics),
          ],
          resources: {
            requests: { cpu: String(cpus), memory: `${memoryGib}Gi` },
            limits: { memory: `${memoryGib}Gi` },
          },
          securityContext: containerSecurity(false),
          volumeMounts: [
            { name: "shared-mem", mountPath: "/dev/shm" },
            { name: "ray-logs", mountPath: "/tmp/ray" },
            ...store.mounts,
          ],
        },
      ],
      volumes: [
        { name: "shared-mem", emptyDir: { medium: "Memory", sizeLimit: "1Gi" } },
        { name: "ray-logs", emptyDir: {} },
        ...store.volumes,
      ],
    },
  };
}

/** Pod fields of a warming: like the group's pods, but without Ray. */
export function warmPod(plan: ServedPlan, group: WorkerGroupPlan, container: JsonObject): JsonObject {
  return {
    ...podFields(group.scheduling, plan),
    ...gpuFields(plan.gpu),
    restartPolicy: "Never",
    containers: [
      {
        ...container,
        image: plan.image,
        resources: workerResources(group, plan.gpu),
        securityContext: containerSecurity(false),
        volumeMounts: [{ name: "shared-mem", mountPath: "/dev/shm" }, ...modelMounts(plan)],
      },
    ],
    volumes: [sharedMemory(group), modelVolume(plan)],
  };
}

/** Name of the Secret with Ray's token. */
export const tokenSecret = objectNames.rayTokenSecret;
