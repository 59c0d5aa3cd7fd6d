/** What a rack may leave on the machine, and what it must not touch there. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import * as path from "node:path";
import { referenceTo, type ProcessRef } from "../../local/processes";
import { hierarchies } from "./cgroups";

const link = (file: string): string | undefined => {
  try {
    return readlinkSync(file);
  } catch {
    return undefined; // It ended meanwhile.
  }
};

const ip = (...args: readonly string[]): string => execFileSync("ip", args, { encoding: "utf8" });

/** The first process of a rack, as the machine numbers it. @param enter of the rack */
const initOf = (enter: readonly string[]): number => Number(/--target=(\d+)/.exec(enter.join(" "))?.[1]);

/** A rack's namespaces, by which its processes are known. */
export interface RackNamespaces {
  readonly pid: string;
  readonly net: string;
}

export function namespacesOf(enter: readonly string[]): RackNamespaces {
  const of = (kind: string): string => readlinkSync(`/proc/${initOf(enter)}/ns/${kind}`);
  return { pid: of("pid"), net: of("net") };
}

/** Processes in either of the namespaces, with the network namespace that each is in. */
export function processesIn({ pid, net }: RackNamespaces): readonly { pid: number; net: string | undefined }[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map((entry) => ({
      pid: Number(entry),
      in: link(`/proc/${entry}/ns/pid`),
      net: link(`/proc/${entry}/ns/net`),
    }))
    .filter((one) => one.in === pid || one.net === net);
}

/** Processes of a rack's pods: they are in namespaces of their own, but in the rack's control groups. */
export function podProcesses(mark: string): readonly ProcessRef[] {
  const [hierarchy = ""] = hierarchies();
  const below = readdirSync(path.join(hierarchy, mark), { recursive: true, encoding: "utf8" });
  return below
    .filter((name) => path.basename(name) === "cgroup.procs")
    .flatMap((name) => readFileSync(path.join(hierarchy, mark, name), "utf8").split("\n"))
    .flatMap((pid) => (pid === "" ? [] : (referenceTo(Number(pid)) ?? [])));
}

/** Everything that carries the mark. */
export function tracesOf(mark: string, cable: string, directory: string): readonly string[] {
  const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
  return [
    ...mounts.filter((line) => line.includes(mark)),
    ...hierarchies()
      .map((one) => path.join(one, mark))
      .filter((one) => existsSync(one)),
    ...ip("-o", "link")
      .split("\n")
      .concat(ip("route").split("\n"))
      .filter((line) => line.includes(cable)),
    ...(existsSync(directory) ? readdirSync(directory).filter((name) => name.startsWith(mark)) : []),
  ];
}

/** What other programs put on a machine that runs Kubernetes, and the settings that a kubelet changes. */
export function machineState(): Readonly<Record<string, string>> {
  const places = ["/var/lib/cni", "/var/lib/kubelet", "/var/log/containers", "/var/log/pods", "/run/containerd"];
  const more = ["/opt/containerd", "/opt/cni", "/etc/cni", "/run/netns", "/run/xtables.lock", "/var/lib/containerd"];
  const settings = ["vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops", "kernel/keys/root_maxkeys"];
  const network = ["net/netfilter/nf_conntrack_max", "net/ipv4/ip_forward"];
  return {
    ...Object.fromEntries([...places, ...more].map((one) => [one, String(existsSync(one))])),
    ...Object.fromEntries([...settings, ...network].map((one) => [one, read(`/proc/sys/${one}`)])),
    rules: execFileSync("iptables-save", { encoding: "utf8" }).replace(/^#.*$/gm, ""),
  };
}

function read(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8").trim() : "";
}
