/** The RayService. Fields as in KubeRay 1.6.2's definition. */
import { createHash } from "node:crypto";
import { objectNames } from "../../../plan/stages/names";
import type { ServedPlan, WorkerGroupPlan } from "../../../plan/stages/served";
import { containerSecurity, labelsOf, type Manifest } from "../../manifest";
import { sortKeys, toJson, type JsonObject } from "../../text";
import { headTemplate, storeName, tokenSecret, workerTemplate } from "./pods";
import { serveConfigText } from "./serveConfig";

/**
 * Annotation of a Ray cluster without its workers, on the head's pod: another value is another cluster. Without dots, as it
 * stands in a path of Pulumi's.
 */
export const clusterAnnotation = "tokenrack-cluster";
/** The same of one group of workers, on its pods. */
export const groupAnnotation = "tokenrack-group";

/** Bytes of a worker's object store: prompts and answers pass through it in small messages. @see plan/layouts/environment.ts, objectStoreBytes */
const objectStore = String(2 ** 30);

/** Seconds of nothing to do before an empty pod goes: its replica has been idle for longer already. */
const emptySeconds = 60;

function workerGroup(plan: ServedPlan, group: WorkerGroupPlan, hash?: string): JsonObject {
  return {
    groupName: group.name,
    replicas: group.replicas,
    minReplicas: group.minReplicas,
    maxReplicas: group.replicas,
    numOfHosts: group.hosts,
    rayStartParams: { "object-store-memory": objectStore },
    resources: { CPU: String(group.rayCpus), GPU: String(group.gpus), [group.resource]: String(group.gpus + 1) },
    template: workerTemplate(plan, group, hash === undefined ? {} : { [groupAnnotation]: hash }),
  };
}

const headGroup = (plan: ServedPlan, hash?: string): JsonObject => ({
  enableIngress: false,
  // All interfaces, because the operator sends the Serve config to it; the token and the network policies keep others out.
  rayStartParams: { "dashboard-host": "0.0.0.0", "object-store-memory": String(2 ** 28) },
  resources: { CPU: "0" },
  serviceType: "ClusterIP",
  template: headTemplate(plan, hash === undefined ? {} : { [clusterAnnotation]: hash }),
});

const autoscaler = ({ autoscaling }: ServedPlan): JsonObject =>
  autoscaling
    ? {
        enableInTreeAutoscaling: true,
        autoscalerOptions: {
          version: "v2",
          idleTimeoutSeconds: emptySeconds,
          resources: { requests: { cpu: "200m", memory: "512Mi" }, limits: { memory: "1Gi" } },
          securityContext: containerSecurity(false),
          upscalingMode: "Default",
        },
      }
    : {};

const faultTolerance = (plan: ServedPlan): JsonObject =>
  plan.faultTolerance === undefined
    ? {}
    : {
        // No externalStorageNamespace: KubeRay takes the RayCluster's UID, so that one beside another has keys of its own.
        gcsFaultToleranceOptions: {
          redisAddress: `rediss://${storeName}.${plan.namespace}.svc:6379`,
          redisPassword: { valueFrom: { secretKeyRef: { name: storeName, key: "password" } } },
        },
      };

const hashOf = (data: JsonObject): string => createHash("sha256").update(toJson(data)).digest("hex").slice(0, 16);

const headOf = (plan: ServedPlan, hash?: string): JsonObject => ({
  rayVersion: plan.rayVersion,
  authOptions: { mode: "token", secretName: tokenSecret },
  ...autoscaler(plan),
  ...faultTolerance(plan),
  headGroupSpec: headGroup(plan, hash),
});

/** 16 hex digits over all of the Ray cluster but its workers. */
export const headHash = (plan: ServedPlan): string => hashOf(headOf(plan));

/**
 * The Ray cluster. Head and groups are annotated one by one, because KubeRay overlooks some changes: of counts of pods, and of
 * tolerations. With the annotations it sees them; and a group that comes after the others changes nothing of theirs, so KubeRay
 * adds its pods to the running cluster. @see KubeRay 1.6.2, rayservice_controller.go isClusterSpecHashEqual
 */
const clusterSpec = (plan: ServedPlan): JsonObject => ({
  ...headOf(plan, headHash(plan)),
  workerGroupSpecs: plan.groups.map((group) => workerGroup(plan, group, hashOf(workerGroup(plan, group)))),
});

/** 16 hex digits over the whole Ray cluster. */
export const clusterHash = (plan: ServedPlan): string => hashOf(clusterSpec(plan));

/**
 * Paths of the RayService whose change needs another Ray cluster, where KubeRay may not make one beside the old: whatever is in
 * the head or in a group, and a group fewer, which is the first place without one. A group more is at a place that is not named.
 */
export const clusterPaths = ({ groups }: ServedPlan): readonly string[] => {
  const workers = "spec.rayClusterConfig.workerGroupSpecs";
  return [`metadata.annotations["${clusterAnnotation}"]`, `${workers}[*].template`, `${workers}[${groups.length}]`];
};

/** The RayService with all models. */
export function rayServiceManifest(plan: ServedPlan): Manifest {
  return {
    apiVersion: "ray.io/v1",
    kind: "RayService",
    metadata: {
      name: objectNames.rayService,
      namespace: plan.namespace,
      labels: { "app.kubernetes.io/part-of": labelsOf("ray-head")["app.kubernetes.io/part-of"] ?? "" },
      annotations: { [clusterAnnotation]: headHash(plan) },
    },
    spec: sortKeys({
      excludeHeadPodFromServeSvc: true,
      rayClusterConfig: clusterSpec(plan),
      // Requests of the old cluster may run on for as long as a replica may take to end them.
      rayClusterDeletionDelaySeconds: 180,
      serveConfigV2: serveConfigText(plan),
      upgradeStrategy: { type: plan.upgrade.kind === "newCluster" ? "NewCluster" : "None" },
    }),
  };
}

/** Ray's token, without the token: that is secret. */
export const tokenSecretManifest = ({ namespace }: ServedPlan): Manifest => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: tokenSecret, namespace, labels: labelsOf("ray-head") },
  type: "Opaque",
});
