/** Why a node finds no place, with numbers. */
import type { Fault } from "../../config/errors";
import type { ProxmoxPool } from "../../config/schema";
import { nodesOn, type Need, type Room } from "./hosts";
import { plural } from "../../catalog/units";

/** Hosts that are listed in a message. */
const shown = 4;

/** "16 threads, 64 GiB and 2 x rtx-3090". */
export const inWords = ({ cores, memoryGib, card, gpus }: Need): string =>
  `${plural(cores, "thread")}${gpus === 0 ? " and" : ","} ${memoryGib} GiB${gpus === 0 ? "" : ` and ${gpus} x ${card}`}`;

const freeOn = (room: Room, { card, gpus }: Need): string => {
  const cards = room.gpus.filter((one) => one.card === card).length;
  const rest = `${plural(room.cores, "thread")}, ${room.memoryGib} GiB`;
  return `${room.host.name} ${rest}${gpus === 0 ? "" : `, ${cards} x ${card}`}`;
};

/** "free: pve1 4 threads, 20 GiB; pve2 ...". */
export function freeOf(rooms: readonly Room[], need: Need): string {
  const more = rooms.length > shown ? ` and ${rooms.length - shown} more` : "";
  return `${rooms
    .slice(0, shown)
    .map((room) => freeOn(room, need))
    .join("; ")}${more}`;
}

/** What a pool asked for and did not get. */
export interface Refused {
  readonly pool: ProxmoxPool;
  /** Position in `pools`. */
  readonly index: number;
  readonly need: Need;
  /** Nodes that found a place. */
  readonly placed: number;
  /** Hosts that the pool may use, as they are now. */
  readonly rooms: readonly Room[];
}

/** More GPUs wanted than there are: the count is wrong, or the card. */
function cardFault({ pool, index, need, placed, rooms }: Refused): Fault | undefined {
  if (need.gpus === 0) return undefined;
  const free = rooms.map((room) => room.gpus.filter(({ card }) => card === need.card).length);
  const nodes = free.reduce((sum, count) => sum + Math.floor(count / need.gpus), 0);
  if (nodes > 0) return undefined;
  const single = free.reduce((sum, count) => sum + count, 0);
  const left = single === 0 ? "" : `, and ${single} more that are on hosts with fewer than ${need.gpus}`;
  const found = `${plural(pool.count, "node")} x ${need.gpus} x ${need.card}`;
  const needed = `at most ${plural(placed, "node")}: the hosts it may use have no more free ${need.card}${left}`;
  const fix =
    placed === 0
      ? `add the card under hosts[*].gpus, or correct pools[${index}].card`
      : `write \`count: ${placed}\`, or add GPUs under hosts[*].gpus`;
  return { path: `pools[${index}].count`, found, needed, fix };
}

function limitFault({ pool, index, placed, rooms }: Refused): Fault | undefined {
  const limit = pool.maxPerHost;
  if (limit === undefined || rooms.some((room) => nodesOn(room, pool.name) < limit)) return undefined;
  const found = `${plural(pool.count, "node")}, at most ${limit} a host, on ${plural(rooms.length, "host")}`;
  const fix = `write \`count: ${placed}\`, raise maxPerHost, or add hosts`;
  return { path: `pools[${index}].maxPerHost`, found, needed: `at most ${plural(placed, "node")}`, fix };
}

/** Why the next node of a pool has no place. */
export function refused(request: Refused): Fault {
  const { pool, index, need, placed, rooms } = request;
  const special = cardFault(request) ?? limitFault(request);
  if (special !== undefined) return special;
  return {
    path: `pools[${index}].count`,
    found: `${plural(pool.count, "node")} of ${inWords(need)}; the hosts hold ${placed}`,
    needed: `a host with that much free; free now: ${freeOf(rooms, need)}`,
    fix:
      placed === 0
        ? "lower cores or memoryGib, or add hosts"
        : `write \`count: ${placed}\`, lower cores or memoryGib, or add hosts`,
  };
}
