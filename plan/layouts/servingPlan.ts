/** One model's plan, from the layout that was chosen for it and the GPUs that it got. */
import { parsersFor } from "../../catalog/parsers";
import type { EnginePlan, ServingPlan, ServingRequest } from "../cluster/types";
import { notes } from "../rules";
import type { Assigned } from "./assign";
import { candidateOf, fitted } from "./candidates";
import { slowestSpeed, type Chosen, type Scored } from "./choice";
import { environmentOf, sharedMemoryOf, withoutCustomAllReduce } from "./environment";
import type { Asked } from "./faults";
import { onOneNode, type Replica } from "./groups";
import { ranksOf } from "./ranks";
import { reasonsFor } from "./reasons";
import { runnersUpOf } from "./runnersUp";
import type { Found } from "./search";
import { warningsOf } from "./warnings";

/** As the user pinned them, else the catalogue's; absent where there is none. */
function parsersOf({ pins, shape }: ServingRequest): Pick<EnginePlan, "toolParser" | "reasoningParser"> {
  const known = parsersFor(shape.id);
  const [tool, reasoning] = [pins.toolParser ?? known.tool, pins.reasoningParser ?? known.reasoning];
  return {
    ...(tool === undefined ? {} : { toolParser: tool }),
    ...(reasoning === undefined ? {} : { reasoningParser: reasoning }),
  };
}

function engineOf(request: ServingRequest, { fit }: Scored, disableCustomAllReduce: boolean): EnginePlan {
  const { settings } = fit;
  const { pins } = request;
  return {
    dtype: pins.dtype ?? "bfloat16",
    kvCacheDtype: pins.kvCacheDtype ?? "auto",
    maxModelLen: settings.maxModelLen,
    maxNumSeqs: settings.maxNumSeqs,
    maxNumBatchedTokens: settings.maxNumBatchedTokens,
    gpuMemoryUtilization: settings.gpuMemoryUtilization,
    enforceEager: settings.enforceEager,
    blockSize: settings.blockSize,
    asyncScheduling: settings.asyncScheduling,
    disableCustomAllReduce,
    cpuOffloadGib: pins.cpuOffloadGib ?? 0,
    ...parsersOf(request),
  };
}

/** The first and the last, which differ most: blocks are sorted by size. */
const ends = (replicas: readonly Replica[]): readonly Replica[] =>
  [replicas[0], replicas.length > 1 ? replicas.at(-1) : undefined].filter((replica) => replica !== undefined);

/** The option with the replicas that it really got: fewer than it was looked at with, when other models are there. */
function settled({ request, hardware }: Asked, { option, replicas }: Assigned): Chosen {
  if (replicas.length === option.count) return { ...option, replicas };
  const { layout, cards } = option;
  const again = fitted(request, { layout, cards, replicas: replicas.length });
  const now = { ...option, ...again, count: replicas.length, replicas };
  return { ...now, speed: slowestSpeed(request, ends(replicas), now, hardware.network) ?? option.speed };
}

/** The plan of one model. */
export function servingPlan(asked: Asked, found: Found, assigned: Assigned): ServingPlan {
  const { request, hardware } = asked;
  const { network } = hardware;
  const chosen = settled(asked, assigned);
  const { layout, replicas, fit } = chosen;
  const group = replicas[0]?.[0] ?? [];
  const others = { ...found, scored: found.ranked.filter((option) => option !== assigned.option) };
  const told = notes(candidateOf(request, chosen.cards, layout), group).map(({ text }) => text);
  return {
    name: request.name,
    shape: request.shape,
    layout,
    replicas: replicas.length,
    ranks: ranksOf(replicas),
    engine: engineOf(request, chosen, withoutCustomAllReduce(replicas)),
    placementStrategy: replicas.every(onOneNode) ? "STRICT_PACK" : "PACK",
    environment: environmentOf(layout, replicas, network),
    sharedMemory: sharedMemoryOf(replicas, network),
    memory: { warm: fit.warm, cold: fit.cold },
    speed: chosen.speed,
    runnersUp: runnersUpOf({ shape: request.shape, winner: chosen, network }, others),
    reasons: [...reasonsFor({ asked, chosen }), ...told],
    warnings: warningsOf(request, chosen),
  };
}
