/** Node pools onto Proxmox hosts: the door of `placement/`. */
import type { Fault } from "../config/errors";
import type { NodeProfile, ProxmoxPool, ProxmoxProfile } from "../config/schema";
import { cardId, type FreeGpu } from "./placement/cards";
import { freeOf, inWords, refused } from "./placement/faults";
import { allowed, nodesOn, roomOf, seat, type Need, type Room, type Seat } from "./placement/hosts";
import { namedGpus } from "./placement/pins";
import type { Placement, VmGpu, VmPlan } from "./placement/types";
import { placementWarnings } from "./placement/warnings";

export type { HostUse, Placement, SpareGpu, VmGpu, VmPlan } from "./placement/types";

/** One pool with its position in the stack. */
interface Task {
  readonly pool: ProxmoxPool;
  readonly index: number;
  readonly need: Need;
}

/** Places while they are handed out: by pool and node. */
type Seats = Map<string, Seat>;
const seatKey = (index: number, node: number): string => `${index}/${node}`;

const isPinned = ({ host, gpus }: NodeProfile): boolean => host !== undefined || gpus !== undefined;

function needOf(pool: ProxmoxPool): Need {
  const gpus = pool.role === "gpu" ? (pool.gpusPerNode ?? 1) : 0;
  const { name, cores, memoryGib, card = "" } = pool;
  return { pool: name, cores, memoryGib, card: cardId(card), gpus };
}

/** Nodes with a host or GPUs of their own: before all others, which then keep out of their way. */
function placePinned({ pool, index, need }: Task, rooms: readonly Room[], seats: Seats, faults: Fault[]): void {
  pool.nodes.forEach((node, position) => {
    if (!isPinned(node)) return;
    const path = `pools[${index}].nodes[${position}]`;
    const named = namedGpus(node, rooms, need, path, faults);
    const host = node.host ?? named?.host;
    const room = rooms.find((one) => one.host.name === host);
    // Without a room the host or a GPU is unknown, or they do not belong together: said already.
    if (room === undefined || (node.gpus !== undefined && named === undefined)) return;
    const found = seat(room, need, named?.gpus);
    if (found !== undefined) seats.set(seatKey(index, position), found);
    else {
      const needed = `that much free on it; free now: ${freeOf([room], need)}`;
      const what = `${inWords(need)} for ${node.name} on ${room.host.name}`;
      const fix = "name another host, or make it smaller";
      faults.push({ path: `${path}.${node.host === undefined ? "gpus" : "host"}`, found: what, needed, fix });
    }
  });
}

/** The room for the next master: one on each host, and where that cannot be, where the fewest are. */
function masterRoom(rooms: readonly Room[], pool: ProxmoxPool, need: Need): readonly Room[] {
  const most = pool.maxPerHost ?? Infinity;
  return rooms
    .map((room, order) => ({ room, order, masters: nodesOn(room, need.pool) }))
    .filter(({ masters }) => masters < most)
    .sort((a, b) => a.masters - b.masters || a.order - b.order)
    .map(({ room }) => room);
}

/** The other nodes of a pool. A host that once had no room for it never has again, so that no host is asked twice. */
function placeRest({ pool, index, need }: Task, all: readonly Room[], seats: Seats, faults: Fault[]): void {
  const rooms = allowed(all, pool);
  const most = pool.maxPerHost ?? Infinity;
  let next = 0;
  const seatNext = (): Seat | undefined => {
    for (; next < rooms.length; next++) {
      const room = rooms[next];
      const found = room === undefined || nodesOn(room, pool.name) >= most ? undefined : seat(room, need);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const seatMaster = (): Seat | undefined => {
    for (const room of masterRoom(rooms, pool, need)) {
      const found = seat(room, need);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  for (const [position, node] of pool.nodes.entries()) {
    if (isPinned(node)) continue;
    const found = pool.role === "master" ? seatMaster() : seatNext();
    if (found === undefined) {
      const placed = pool.nodes.filter((_, other) => seats.has(seatKey(index, other))).length;
      faults.push(refused({ pool, index, need, placed, rooms }));
      return;
    }
    seats.set(seatKey(index, position), found);
  }
}

/** What is hardest to place first: many GPUs, few GPUs, masters, then the rest in the stack's order. */
const rank = ({ pool, need }: Task): number => (need.gpus > 0 ? -need.gpus : pool.role === "master" ? 0 : 1);

/** From host and address: "gpu-pve1-0000-01-00-0". */
const mappingName = (host: string, pci: string): string => `gpu-${host}-${pci.replace(/[:.]/g, "-")}`;

function vmGpus(vm: string, host: string, gpus: readonly FreeGpu[]): readonly VmGpu[] {
  const pcis = gpus.map(({ gpu }) => gpu.pci);
  return gpus.map(({ gpu: { name, pci }, card, partner }) => {
    const [first = pci] = [pci, partner ?? pci].sort();
    const joined = partner !== undefined && pcis.includes(partner) ? { nvlinkGroup: `${vm}/nvlink-${first}` } : {};
    return { name, pci, card, mapping: mappingName(host, pci), ...joined };
  });
}

function vmsOf({ pool, index }: Task, seats: Seats): readonly VmPlan[] {
  const { role, cores, memoryGib, diskGib } = pool;
  return pool.nodes.flatMap(({ name, vmid, address }, position) => {
    const place = seats.get(seatKey(index, position));
    if (place === undefined) return [];
    const gpus = vmGpus(name, place.host, place.gpus);
    return [{ name, vmid, address, pool: pool.name, role, host: place.host, cores, memoryGib, diskGib, gpus }];
  });
}

function placementOf(profile: ProxmoxProfile, rooms: readonly Room[], vms: readonly VmPlan[]): Placement {
  const names = new Map(rooms.map(({ host }) => [host.name, [] as string[]]));
  for (const { name, host } of vms) names.get(host)?.push(name);
  const hosts = rooms.map(({ host, cores, memoryGib }) => {
    const total = host.memoryGib - host.reservedGib;
    return {
      name: host.name,
      vms: names.get(host.name) ?? [],
      cores: { total: host.cores, used: host.cores - cores },
      memoryGib: { total, used: total - memoryGib },
    };
  });
  const used = new Set(vms.flatMap(({ gpus }) => gpus.map(({ name }) => name)));
  const spareGpus = profile.hosts.flatMap((host) =>
    host.gpus
      .filter(({ name }) => !used.has(name))
      .map(({ name, pci, card }) => ({ name, host: host.name, pci, card: cardId(card) })),
  );
  return { vms, hosts, spareGpus, warnings: placementWarnings(profile, vms, spareGpus) };
}

/**
 * Puts every node on a host: the first in the stack's order with enough cores, memory and GPUs of the pool's card, so
 * that a host added at the end moves no VM. Masters stand on different hosts while there are enough (when there were
 * not, a new host does take one). No host is overcommitted, and each GPU is in one VM at most.
 * @returns what could be placed, and a fault for each pool that could not be in full
 */
export function placeVms(profile: ProxmoxProfile): { placement: Placement; faults: readonly Fault[] } {
  const faults: Fault[] = [];
  const seats: Seats = new Map();
  const reserved = new Set(profile.pools.flatMap(({ nodes }) => nodes.flatMap(({ gpus }) => gpus ?? [])));
  const rooms = profile.hosts.map((host) => roomOf(host, reserved));
  const tasks = profile.pools.map((pool, index) => ({ pool, index, need: needOf(pool) }));
  tasks.forEach((task) => placePinned(task, rooms, seats, faults));
  [...tasks]
    .sort((a, b) => rank(a) - rank(b) || a.index - b.index)
    .forEach((task) => placeRest(task, rooms, seats, faults));
  const vms = tasks.flatMap((task) => vmsOf(task, seats));
  return { placement: placementOf(profile, rooms, vms), faults };
}
