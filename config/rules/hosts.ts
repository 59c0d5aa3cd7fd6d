/** Rules over the Proxmox hosts: names, GPUs, NVLink pairs. */
import type { Fault } from "../errors";
import type { Entry, Host } from "./parts";
import { repeated } from "./unique";

/** Name of a GPU: its own, or the host's with its position. */
export const gpuName = (host: Pick<Host, "name" | "gpus">, index: number): string =>
  host.gpus[index]?.name ?? `${host.name}-gpu${index}`;

function gpuFaults({ index, value: host }: Entry<Host>): Fault[] {
  const addresses = host.gpus.map(({ pci }, gpu) => ({ path: `hosts[${index}].gpus[${gpu}].pci`, value: pci }));
  return repeated(addresses, "the address", "each GPU once", (path) => `correct ${path}, or remove that entry`);
}

/** Each pair joins two GPUs of this host, and no GPU is in two pairs. */
function nvlinkFaults({ index, value: host }: Entry<Host>): Fault[] {
  const own = host.gpus.map(({ pci }) => pci);
  const ends = host.nvlink.flatMap((pair, position) =>
    pair.map((pci, end) => ({ path: `hosts[${index}].nvlink[${position}][${end}]`, value: pci })),
  );
  const unknown = ends
    .filter(({ value }) => !own.includes(value))
    .map(({ path, value }) => ({
      path,
      found: `${value}, which is no GPU of hosts[${index}]`,
      needed: own.length === 0 ? "a GPU under `gpus`" : `one of ${own.join(", ")}`,
      fix: `correct it, or add it to hosts[${index}].gpus`,
    }));
  return [...unknown, ...repeated(ends, "the address", "each GPU in one pair: a bridge joins two")];
}

function memoryFaults({ index, value: host }: Entry<Host>): Fault[] {
  if (host.reservedGib < host.memoryGib) return [];
  return [
    {
      path: `hosts[${index}].reservedGib`,
      found: `${host.reservedGib} GiB, and ${host.memoryGib} GiB of memory in hosts[${index}]`,
      needed: "less than the host's memory",
      fix: "lower reservedGib, or correct memoryGib",
    },
  ];
}

/** Rules over the hosts that are well formed. */
export function hostFaults(hosts: readonly Entry<Host>[]): Fault[] {
  const names = hosts.map(({ index, value }) => ({ path: `hosts[${index}].name`, value: value.name }));
  const addresses = hosts.map(({ index, value }) => ({ path: `hosts[${index}].address`, value: value.address }));
  const gpus = hosts.flatMap(({ index, value }) =>
    value.gpus.map((_, gpu) => ({ path: `hosts[${index}].gpus[${gpu}].name`, value: gpuName(value, gpu) })),
  );
  return [
    ...repeated(names, "the name", "each host's name once"),
    ...repeated(addresses, "the address", "each host's address once"),
    ...hosts.flatMap(gpuFaults),
    ...hosts.flatMap(nvlinkFaults),
    ...hosts.flatMap(memoryFaults),
    // Equal names of hosts make equal names of GPUs: said once.
    ...(new Set(names.map(({ value }) => value)).size < names.length
      ? []
      : repeated(gpus, "the name", "each GPU's name once")),
  ];
}
