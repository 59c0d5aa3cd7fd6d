import { listAt, mapAt, namespaceOf, numberAt, textAt, type KubeObject } from "../object";
import { conditionOf, isOwnedBy, isTrue, type Look, type Waiter } from "./look";
import { podErrors } from "./pods";

const REVISION = "deployment.kubernetes.io/revision";
const revisionOf = (object: KubeObject): string => textAt(mapAt(object, "metadata", "annotations"), REVISION);

/** What belongs to a Deployment, of everything in its namespace. */
interface DeploymentParts {
  readonly replicaSets: readonly KubeObject[];
  readonly pods: readonly KubeObject[];
  readonly claims: readonly KubeObject[];
}

export const deploymentWaiter: Waiter =
  ({ operations, written }) =>
  async (deployment) => {
    const namespace = namespaceOf(written);
    const [replicaSets, pods, claims] = await Promise.all([
      operations.list("apps/v1", "ReplicaSet", namespace),
      operations.list("v1", "Pod", namespace),
      operations.list("v1", "PersistentVolumeClaim", namespace),
    ]);
    return deploymentLook(deployment, { replicaSets, pods, claims });
  };

const isBehind = (object: KubeObject): boolean =>
  numberAt(object, "status", "observedGeneration") !== numberAt(object, "metadata", "generation");

/**
 * Ready when the controller has seen the object, it is available, and the ReplicaSet of its revision has all pods ready;
 * from the second revision on also when the rollout is complete. Claims of its volumes have to be bound.
 * @see pulumi-kubernetes v4.32.0, provider/pkg/await/deployment.go
 */
export function deploymentLook(deployment: KubeObject, parts: DeploymentParts): Look {
  const revision = isBehind(deployment) ? "" : revisionOf(deployment);
  const owned = parts.replicaSets.filter((set) => isOwnedBy(set, deployment));
  const current = revision === "" ? undefined : owned.find((set) => revisionOf(set) === revision);
  const wanted = numberAt(current ?? {}, "spec", "replicas") ?? 1;
  const has = numberAt(current ?? {}, "status", "readyReplicas") ?? 0;
  const setReady = current !== undefined && has >= wanted;
  const progressing = conditionOf(deployment, "Progressing");
  const rolledOut = isTrue(progressing) && textAt(progressing, "reason") === "NewReplicaSetAvailable";
  const available = revision !== "" && isTrue(conditionOf(deployment, "Available"));
  const unbound = unboundClaims(deployment, parts.claims);
  const ready = available && setReady && (revision === "1" || rolledOut) && unbound.length === 0;
  if (ready) return { object: deployment, ready, progress: ["✅ Deployment initialization complete"], errors: [] };

  const errors = ["Progressing", "Available"].flatMap((type) => refusalOf(deployment, type));
  if (unbound.length > 0) errors.push(`Failed to bind PersistentVolumeClaim(s): "${unbound.join(",")}"`);
  if (!available) errors.push("Minimum number of live Pods was not attained");
  else if (revision !== "1" && !rolledOut)
    errors.push("Minimum number of Pods to consider the application live was not attained");
  else if (!setReady) {
    errors.push(
      revision === "1"
        ? "Minimum number of Pods to consider the application live was not attained"
        : "Attempted to roll forward to new ReplicaSet, but minimum number of Pods did not become live",
    );
  }
  const problems = current === undefined ? [] : parts.pods.filter((pod) => isOwnedBy(pod, current)).flatMap(podErrors);
  const waiting = `Waiting for app ReplicaSet to be available (${has}/${wanted} Pods available)`;
  const progress = [...(current === undefined || setReady ? [] : [waiting]), ...problems];
  return { object: deployment, ready, progress, errors: [...errors, ...problems] };
}

function refusalOf(object: KubeObject, type: string): readonly string[] {
  const condition = conditionOf(object, type);
  const [reason, message] = [textAt(condition, "reason"), textAt(condition, "message")];
  return condition === undefined || isTrue(condition) || reason === "" ? [] : [`[${reason}] ${message}`];
}

function unboundClaims(deployment: KubeObject, claims: readonly KubeObject[]): readonly string[] {
  const names = listAt(deployment, "spec", "template", "spec", "volumes").map((volume) =>
    textAt(volume, "persistentVolumeClaim", "claimName"),
  );
  return claims
    .filter((claim) => names.includes(textAt(claim, "metadata", "name")))
    .filter((claim) => textAt(claim, "status", "phase") !== "Bound")
    .map((claim) => textAt(claim, "metadata", "name"));
}

export const statefulSetWaiter: Waiter =
  ({ operations, written }) =>
  async (set) => {
    const look = statefulSetLook(set);
    if (look.ready) return look;
    const pods = await operations.list("v1", "Pod", namespaceOf(written));
    const problems = pods.filter((pod) => isOwnedBy(pod, set)).flatMap(podErrors);
    return { ...look, progress: [...look.progress, ...problems], errors: [...look.errors, ...problems] };
  };

/** @see pulumi-kubernetes v4.32.0, provider/pkg/await/statefulset.go */
export function statefulSetLook(set: KubeObject): Look {
  const status = (name: string): number => numberAt(set, "status", name) ?? 0;
  const wanted = numberAt(set, "spec", "replicas") ?? 0;
  const [current, target] = [textAt(set, "status", "currentRevision"), textAt(set, "status", "updateRevision")];
  const generation = numberAt(set, "metadata", "generation") ?? 0;
  const seen = status("observedGeneration") >= generation && generation > 0;
  const onDelete = generation > 1 && textAt(set, "spec", "updateStrategy", "type") === "OnDelete";
  const revisionReady = seen && (onDelete || (current !== "" && current === target));
  const all = wanted === status("replicas") && wanted === status("readyReplicas");
  const replicasReady = seen && all && (onDelete || wanted === status("currentReplicas"));
  if (replicasReady && revisionReady) {
    return { object: set, ready: true, progress: ["✅ StatefulSet initialization complete"], errors: [] };
  }
  const ready = status("readyReplicas");
  const has = revisionReady ? ready : Math.min(ready, status("updatedReplicas"));
  const errors: string[] = [];
  if (!replicasReady) errors.push(`${has} out of ${wanted} replicas succeeded readiness checks`);
  if (!revisionReady) {
    errors.push(`StatefulSet controller failed to advance from revision "${current}" to revision "${target}"`);
  }
  const first = `[1/2] Waiting for StatefulSet to create Pods (${has}/${wanted} Pods ready)`;
  const update = `[1/3] Waiting for StatefulSet update to roll out (${has}/${wanted} Pods ready)`;
  const revision = "[2/3] Waiting for StatefulSet to update .status.currentRevision";
  const progress = [generation <= 1 ? first : replicasReady ? revision : update];
  return { object: set, ready: false, progress, errors };
}

export const daemonSetWaiter: Waiter =
  ({ operations, written }) =>
  async (set) => {
    const look = daemonSetLook(set);
    if (look.ready) return look;
    const pods = await operations.list("v1", "Pod", namespaceOf(written));
    const problems = pods.filter((pod) => isOwnedBy(pod, set)).flatMap(podErrors);
    return { ...look, progress: [...look.progress, ...problems], errors: problems };
  };

/** @see kstatus, daemonsetConditions: https://github.com/kubernetes-sigs/cli-utils/blob/v0.37.2/pkg/kstatus/status/core.go */
export function daemonSetLook(set: KubeObject): Look {
  const status = (name: string): number => numberAt(set, "status", name) ?? 0;
  const wanted = numberAt(set, "status", "desiredNumberScheduled");
  const steps: readonly (readonly [string, string])[] = [
    ["Current", "currentNumberScheduled"],
    ["Updated", "updatedNumberScheduled"],
    ["Available", "numberAvailable"],
    ["Ready", "numberReady"],
  ];
  const missing = steps.find(([, name]) => status(name) < (wanted ?? 0));
  const progress = (text: string, ready = false): Look => ({ object: set, ready, progress: [text], errors: [] });
  if (isBehind(set)) return progress("Waiting for the DaemonSet controller");
  if (wanted === undefined) return progress("Missing .status.desiredNumberScheduled");
  if (missing !== undefined) return progress(`${missing[0]}: ${status(missing[1])}/${wanted}`);
  return progress(`✅ All replicas scheduled as expected. Replicas: ${wanted}`, true);
}
