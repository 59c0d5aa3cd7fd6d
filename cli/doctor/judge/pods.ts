/** Why a pod does not do its work. */
import type { KubePod } from "../look/objects";

/** Something that stands in a pod's way. */
export interface Trouble {
  /** "gpu-operator/nvidia-driver-x" */
  readonly pod: string;
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  /** "container driver: CrashLoopBackOff, its last run ended with 1" */
  readonly why: string;
}

type Container = KubePod["status"]["containerStatuses"][number];

/** Reasons of a container that is only starting. */
const starting = ["ContainerCreating", "PodInitializing"];

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim().slice(0, 400);

function containerTrouble({ name, ready, state, lastState }: Container, init: boolean): string | undefined {
  const { waiting, terminated } = state;
  const last = terminated ?? lastState.terminated;
  const ended =
    last === undefined || last.exitCode === 0
      ? ""
      : `, its last run ended with ${last.exitCode}${last.reason === "" ? "" : ` (${last.reason})`}`;
  if (waiting !== undefined && !starting.includes(waiting.reason)) {
    // An image that cannot be had says why; a crash says no more than that.
    const message = waiting.message === "" || /^back-off/.test(waiting.message) ? "" : `: ${oneLine(waiting.message)}`;
    return `container ${name}: ${waiting.reason}${message}${ended}`;
  }
  if (terminated !== undefined && terminated.exitCode !== 0) {
    const message = terminated.message === "" ? "" : `: ${oneLine(terminated.message)}`;
    return `container ${name} ended with ${terminated.exitCode} (${terminated.reason})${message}`;
  }
  if (init || ready || waiting !== undefined || terminated !== undefined) return undefined;
  return `container ${name} runs and is not ready${ended}`;
}

/** Undefined where it does its work, or is starting. */
export function troubleOf({ metadata, spec, status }: KubePod): Trouble | undefined {
  if (status.phase === "Succeeded") return undefined;
  const unplaced = status.conditions.find(({ type, status: is }) => type === "PodScheduled" && is === "False");
  const inside = [
    ...status.initContainerStatuses.map((one) => containerTrouble(one, true)),
    ...status.containerStatuses.map((one) => containerTrouble(one, false)),
  ].find((why) => why !== undefined);
  const unscheduled = unplaced === undefined ? undefined : `no node takes it: ${oneLine(unplaced.message)}`;
  const why = unscheduled ?? inside ?? (status.phase === "Failed" ? "it failed" : undefined);
  if (why === undefined) return undefined;
  const { name, namespace } = metadata;
  return { pod: `${namespace}/${name}`, namespace, name, node: spec.nodeName, why };
}

/** Of all pods, those that stand in the way. */
export const troublesOf = (pods: readonly KubePod[]): readonly Trouble[] => pods.flatMap((pod) => troubleOf(pod) ?? []);

/** What to do about it, by what the scheduler, the kubelet or the container said. */
export function podFix(why: string, fallback: string): string {
  if (/ErrImagePull|ImagePullBackOff|InvalidImageName/.test(why)) {
    return "check that the nodes reach the registry and that the image is there; imagePullSecret and registryLogins, where it wants a login";
  }
  if (/[Ii]nsufficient|untolerated taint|didn't match|had taint/.test(why)) {
    return "free the resources, or correct the pool's labels, taint or gpusPerNode: the plan's pods go by these";
  }
  if (/persistentvolumeclaim|volume/i.test(why)) {
    return "`kubectl get pvc -A`: an unbound claim waits for a storage class that makes its volume";
  }
  if (/OOMKilled/.test(why)) return "give the pod more memory, and look what took it";
  return fallback;
}
