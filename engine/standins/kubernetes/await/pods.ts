import type { PropertyValue } from "../../values";
import { at, listAt, namespaceOf, numberAt, textAt, type KubeObject } from "../object";
import { conditionOf, isOwnedBy, isTrue, shortName, type Look, type Waiter } from "./look";

/** What is wrong with a pod, one line each. @see pulumi-kubernetes v4.32.0, provider/pkg/await/checker/pod/check.go */
export function podErrors(pod: KubeObject): readonly string[] {
  return podStep(pod).errors;
}

/** The first step on the way to ready that a pod has not made yet. */
function podStep(pod: KubeObject): { readonly waitsFor?: string; readonly errors: readonly string[] } {
  const waitsFor = (what: string): string => `Waiting for Pod "${shortName(pod)}" to be ${what}`;
  if (!isTrue(conditionOf(pod, "PodScheduled"))) return { waitsFor: waitsFor("scheduled"), errors: [] };
  const initialized = conditionOf(pod, "Initialized");
  if (!isTrue(initialized)) return { waitsFor: waitsFor("initialized"), errors: stepErrors(pod, initialized) };
  const ready = conditionOf(pod, "Ready");
  if (isTrue(ready) || textAt(pod, "status", "phase") === "Succeeded") return { errors: [] };
  return { waitsFor: waitsFor("ready"), errors: stepErrors(pod, ready) };
}

function stepErrors(pod: KubeObject, condition: PropertyValue | undefined): readonly string[] {
  if (condition === undefined) return [];
  const message = textAt(condition, "reason") === "" ? "" : textAt(condition, "message");
  const containers = listAt(pod, "status", "containerStatuses").flatMap(containerErrors).join("\n");
  if (message === "" && containers === "") return [];
  return [`[Pod ${shortName(pod)}]: ${message}${containers}`];
}

function containerErrors(status: PropertyValue): readonly string[] {
  if (at(status, "ready") === true) return [];
  const errors: string[] = [];
  const waiting = at(status, "state", "waiting");
  if (waiting !== undefined && textAt(waiting, "reason") !== "ContainerCreating") {
    errors.push(`[${textAt(waiting, "reason")}] ${textAt(waiting, "message")}`);
  }
  const ended = at(status, "state", "terminated");
  if (ended !== undefined && textAt(ended, "reason") !== "") {
    const message = textAt(ended, "message");
    const code = numberAt(ended, "exitCode") ?? 0;
    const plain = `container "${textAt(status, "name")}" completed with exit code ${code}`;
    errors.push(message === "" ? plain : `[${textAt(ended, "reason")}] ${message}`);
  }
  const last = at(status, "lastState", "terminated");
  if (last !== undefined) {
    const when = textAt(last, "finishedAt");
    const how = `${textAt(last, "reason")}: exit code ${numberAt(last, "exitCode") ?? 0}`;
    errors.push(`container "${textAt(status, "name")}" terminated at ${when} (${how})`);
    if (textAt(last, "message") !== "") errors.push(textAt(last, "message"));
  }
  return errors;
}

export const podWaiter: Waiter = () => podLook;

export function podLook(pod: KubeObject): Look {
  const { waitsFor, errors } = podStep(pod);
  const progress = waitsFor === undefined ? [] : [waitsFor];
  return { object: pod, ready: waitsFor === undefined, progress, errors };
}

/** @see pulumi-kubernetes v4.32.0, provider/pkg/await/job.go and checker/job/check.go */
export const jobWaiter: Waiter =
  ({ operations, written }) =>
  async (job) => {
    const look = jobLook(job);
    if (look.ready) return look;
    const pods = await operations.list("v1", "Pod", namespaceOf(written));
    const errors = pods.filter((pod) => isOwnedBy(pod, written)).flatMap(podErrors);
    // That a pod is not ready is what a running job looks like: not worth a line while it runs.
    const worthALine = errors.filter((error) => !error.includes("containers with unready status"));
    return { ...look, progress: [...look.progress, ...worthALine], errors: [...look.errors, ...errors] };
  };

export function jobLook(job: KubeObject): Look {
  if (isTrue(conditionOf(job, "Complete"))) return { object: job, ready: true, progress: [], errors: [] };
  const failed = conditionOf(job, "Failed");
  const errors = isTrue(failed) ? [`[${textAt(failed, "reason")}] ${textAt(failed, "message")}`] : [];
  const count = (name: string): number => numberAt(job, "status", name) ?? 0;
  const counts = `(Active: ${count("active")} | Succeeded: ${count("succeeded")} | Failed: ${count("failed")})`;
  const started = at(job, "status", "startTime") !== undefined;
  const name = `Waiting for Job "${shortName(job)}"`;
  const progress = [started ? `${name} to succeed ${counts}` : `${name} to start`];
  return { object: job, ready: false, failed: errors.length > 0, progress, errors };
}
