/** What the user should know about where VMs ended up. */
import type { ProxmoxProfile } from "../../config/schema";
import type { SpareGpu, VmPlan } from "./types";

/** Masters that share a host: what is lost with it. */
function masterWarnings({ hosts, pools }: ProxmoxProfile, vms: readonly VmPlan[]): readonly string[] {
  const masters = vms.filter(({ role }) => role === "master");
  const byHost = new Map<string, string[]>();
  for (const { name, host } of masters) byHost.set(host, [...(byHost.get(host) ?? []), name]);
  const shared = [...byHost].filter(([, names]) => names.length > 1);
  if (shared.length === 0) return [];
  const pool = pools.find(({ role }) => role === "master");
  const mayUse = pool?.hosts?.length ?? hosts.length;
  const why =
    mayUse < masters.length
      ? `${mayUse} host${mayUse === 1 ? "" : "s"} for ${masters.length} masters`
      : "no other host has room, or they were put there by name";
  return shared.map(([host, names]) => {
    const left = masters.length - names.length;
    const lost = left > masters.length / 2 ? "" : ", and etcd loses its majority when it fails";
    return `${names.join(" and ")} are on ${host}: ${why}${lost}`;
  });
}

/** Bridges whose two GPUs went into different VMs, where they join nothing. */
function nvlinkWarnings({ hosts }: ProxmoxProfile, vms: readonly VmPlan[]): readonly string[] {
  const vmOf = new Map(vms.flatMap((vm) => vm.gpus.map(({ pci }) => [`${vm.host} ${pci}`, vm] as const)));
  return hosts.flatMap((host) =>
    host.nvlink.flatMap(([a = "", b = ""]) => {
      const [one, other] = [vmOf.get(`${host.name} ${a}`), vmOf.get(`${host.name} ${b}`)];
      if (one === undefined || other === undefined || one.name === other.name) return [];
      return [
        `the NVLink bridge between ${a} and ${b} of ${host.name} joins nothing: they are in ${one.name} and ${other.name}. With gpusPerNode: 2 they would be in one VM`,
      ];
    }),
  );
}

const spareWarnings = (spare: readonly SpareGpu[]): readonly string[] =>
  spare.map(({ name, host, pci, card }) => `${name} (${card}, ${pci} of ${host}) is in no VM: no node pool takes it`);

/** All warnings of a placement. */
export const placementWarnings = (
  profile: ProxmoxProfile,
  vms: readonly VmPlan[],
  spare: readonly SpareGpu[],
): readonly string[] => [...masterWarnings(profile, vms), ...nvlinkWarnings(profile, vms), ...spareWarnings(spare)];
