/** Pods of the stack, and their processes as this machine sees them. */
import { readdirSync, readFileSync } from "node:fs";
import { listAt, nameOf, numberAt, textAt, type KubeObject } from "../../../engine/standins/kubernetes/object";
import type { Homelab } from "../homelab";

export const namespace = "tokenrack";

export interface Pod {
  readonly name: string;
  readonly uid: string;
  /** Its address; empty while it has none. */
  readonly address: string;
  readonly isReady: boolean;
  /** Starts of its containers after the first ones. */
  readonly restarts: number;
}

function podOf(object: KubeObject): Pod {
  const containers = listAt(object, "status", "containerStatuses");
  return {
    name: nameOf(object),
    uid: textAt(object, "metadata", "uid"),
    address: textAt(object, "status", "podIP"),
    isReady: listAt(object, "status", "conditions").some(
      (one) => textAt(one, "type") === "Ready" && textAt(one, "status") === "True",
    ),
    restarts: containers.reduce<number>((sum, one) => sum + (numberAt(one, "restartCount") ?? 0), 0),
  };
}

/** @param selector what their labels are: "app.kubernetes.io/component=gateway" */
export async function podsOf({ api }: Pick<Homelab, "api">, selector: string): Promise<readonly Pod[]> {
  const [key = "", value] = selector.split("=");
  const all = await api.list(`/api/v1/namespaces/${namespace}/pods`);
  return all.filter((one) => textAt(one, "metadata", "labels", key) === value).map(podOf);
}

export const podLabels = {
  gateway: "app.kubernetes.io/component=gateway",
  head: "ray.io/node-type=head",
  worker: "ray.io/node-type=worker",
} as const;

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // It has ended meanwhile.
  }
}

/** Processes of a pod, by the kubelet's name of its control group. @param command what stands in their command line */
export const processesOf = ({ uid }: Pod, command: RegExp): readonly number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && textOf(`/proc/${name}/cgroup`).includes(`pod${uid}`))
    .filter((pid) => command.test(textOf(`/proc/${pid}/cmdline`).replaceAll("\0", " ")))
    .map(Number);
