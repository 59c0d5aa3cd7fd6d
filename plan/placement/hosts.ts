/** What is left on each host while VMs are put on them. */
import type { HostProfile, ProxmoxPool } from "../../config/schema";
import { gpusOf, pick, type FreeGpu } from "./cards";

/** What one node of a pool takes. */
export interface Need {
  readonly pool: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly card: string;
  readonly gpus: number;
}

/** A host with what is still free on it. */
export interface Room {
  readonly host: HostProfile;
  cores: number;
  memoryGib: number;
  gpus: readonly FreeGpu[];
  /** Nodes of each pool that it has. */
  readonly nodes: Map<string, number>;
}

/** What a node was given. */
export interface Seat {
  readonly host: string;
  readonly gpus: readonly FreeGpu[];
}

/** An empty host. @param reserved names of GPUs that somebody asked for by name */
export const roomOf = (host: HostProfile, reserved: ReadonlySet<string>): Room => ({
  host,
  cores: host.cores,
  memoryGib: host.memoryGib - host.reservedGib,
  gpus: gpusOf(host).filter(({ gpu }) => !reserved.has(gpu.name)),
  nodes: new Map(),
});

/** Nodes of a pool on a host. */
export const nodesOn = (room: Room, pool: string): number => room.nodes.get(pool) ?? 0;

/** Whether cores and memory are enough. Passthrough pins all memory of a VM, so none is given away twice. */
export const holds = (room: Room, { cores, memoryGib }: Need): boolean =>
  room.cores >= cores && room.memoryGib >= memoryGib;

/** Gives a node its place. @param gpus those asked for by name. @default the first that are free */
export function seat(room: Room, need: Need, gpus?: readonly FreeGpu[]): Seat | undefined {
  if (!holds(room, need)) return undefined;
  const taken = gpus ?? pick(room.gpus, need.card, need.gpus);
  if (taken === undefined) return undefined;
  room.cores -= need.cores;
  room.memoryGib -= need.memoryGib;
  room.gpus = room.gpus.filter((one) => !taken.includes(one));
  room.nodes.set(need.pool, nodesOn(room, need.pool) + 1);
  return { host: room.host.name, gpus: taken };
}

/** The hosts that a pool may use, in the stack's order. */
export const allowed = (rooms: readonly Room[], pool: ProxmoxPool): readonly Room[] =>
  rooms.filter(({ host }) => pool.hosts === undefined || pool.hosts.includes(host.name));
