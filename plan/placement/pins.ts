/** GPUs that a node asks for by name. */
import type { Fault } from "../../config/errors";
import type { NodeProfile } from "../../config/schema";
import { gpusOf, type FreeGpu } from "./cards";
import type { Need, Room } from "./hosts";

/** The named GPUs and the host that has them. */
export interface Named {
  readonly host: string;
  readonly gpus: readonly FreeGpu[];
}

/** @returns undefined when the node names none, or with a fault when they are not what the pool takes */
export function namedGpus(
  { gpus }: NodeProfile,
  rooms: readonly Room[],
  need: Need,
  path: string,
  faults: Fault[],
): Named | undefined {
  if (gpus === undefined) return undefined;
  const found = rooms.flatMap(({ host }) =>
    gpusOf(host)
      .filter(({ gpu }) => gpus.includes(gpu.name))
      .map((one) => ({ host: host.name, one })),
  );
  const [first] = found;
  // An unknown name is the configuration's fault, and said there.
  if (first === undefined || found.length < gpus.length) return undefined;
  const hosts = [...new Set(found.map(({ host }) => host))];
  if (hosts.length > 1) {
    const where = found.map(({ host, one }) => `${one.gpu.name} on ${host}`).join(" and ");
    const fix = "name GPUs of one host";
    faults.push({ path: `${path}.gpus`, found: where, needed: "GPUs of one host: a VM is on one", fix });
    return undefined;
  }
  const other = found.find(({ one }) => one.card !== need.card);
  if (other !== undefined) {
    const what = `${other.one.gpu.name}, which is a ${other.one.card}`;
    const fix = `name a ${need.card}, or put this card into a pool of its own`;
    faults.push({ path: `${path}.gpus`, found: what, needed: `the pool's card, ${need.card}`, fix });
    return undefined;
  }
  return { host: first.host, gpus: found.map(({ one }) => one) };
}
