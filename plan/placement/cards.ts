/** GPUs of a host: what is free, and which of them a VM gets. */
import { gpuModel } from "../../catalog/gpus";
import type { HostGpuProfile, HostProfile } from "../../config/schema";

/** One id for all names of a card; a name that the catalogue does not know stays as it is. */
export const cardId = (name: string): string => gpuModel(name)?.id ?? name;

/** One GPU that may be given to a VM. */
export interface FreeGpu {
  readonly gpu: HostGpuProfile;
  readonly card: string;
  /** Address of the GPU at the other end of its NVLink bridge; absent without one. */
  readonly partner?: string;
}

/** The GPUs of a host with their partners. */
export function gpusOf(host: HostProfile): readonly FreeGpu[] {
  const partners = new Map(
    host.nvlink.flatMap(([a = "", b = ""]) => [
      [a, b],
      [b, a],
    ]),
  );
  return host.gpus.map((gpu) => {
    const partner = partners.get(gpu.pci);
    return { gpu, card: cardId(gpu.card), ...(partner === undefined ? {} : { partner }) };
  });
}

/**
 * Takes GPUs of one card for a VM: whole NVLink pairs while two or more are wanted, for a single one those that break no
 * pair, each in the order of the host's slots.
 * @returns undefined when there are not enough
 */
export function pick(free: readonly FreeGpu[], card: string, count: number): readonly FreeGpu[] | undefined {
  const own = free.filter((one) => one.card === card);
  if (own.length < count) return undefined;
  const there = new Map(own.map((one) => [one.gpu.pci, one]));
  const partnerOf = (one: FreeGpu): FreeGpu | undefined =>
    one.partner === undefined ? undefined : there.get(one.partner);
  const pairs = own.flatMap((one, index) => {
    const partner = partnerOf(one);
    return partner !== undefined && own.indexOf(partner) > index ? [[one, partner]] : [];
  });
  const whole = pairs.slice(0, Math.floor(count / 2)).flat();
  const singles = own.filter((one) => partnerOf(one) === undefined);
  const taken = [...new Set([...whole, ...singles, ...own])].slice(0, count);
  return own.filter((one) => taken.includes(one));
}
