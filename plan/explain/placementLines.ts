/** Hosts with their VMs, a line each: what runs where, and what of the host is given away. */
import type { Placement, VmPlan } from "../placement/types";
import { labelled, type Frame } from "./lines";
import { count } from "./words";

/** "14 of 16 cores, 56 of 60 GiB". */
export const useWords = ({ cores, memoryGib }: Placement["hosts"][number]): string =>
  `${cores.used} of ${cores.total} cores, ${memoryGib.used} of ${memoryGib.total} GiB`;

const vmWords = ({ name, gpus }: VmPlan): string =>
  gpus.length === 0 ? name : `${name} (${gpus.map(({ card, pci }) => `${card} at ${pci}`).join(", ")})`;

/** How many VMs there are, or each host with its own for who asks why; and the GPUs that are in no VM. */
export function placementLines({ hosts, vms, spareGpus }: Placement, why: boolean, frame: Frame): readonly string[] {
  const byName = new Map(vms.map((vm) => [vm.name, vm]));
  const each = hosts.map((host) => {
    const own = host.vms.flatMap((name) => byName.get(name) ?? []).map(vmWords);
    return `${host.name}: ${own.length === 0 ? "no VM" : own.join(", ")}; ${useWords(host)}`;
  });
  const texts = why ? each : [`${count(vms.length, "VM")}, which one where with --why`];
  const label = why ? "hosts" : `${count(hosts.length, "host")}`;
  const spare = spareGpus.map(({ card, host, pci }) => `${card} at ${pci} on ${host}`);
  return [
    ...texts.flatMap((text, index) => labelled(index === 0 ? label : "", text, frame)),
    ...(spare.length === 0 ? [] : labelled("in no VM", spare.join(", "), frame)),
  ];
}
