/** PP over unequal cards: for a model that no group of equal cards holds. */
import type { GpuModel } from "../../catalog/gpus";
import type { Gpu } from "../cluster/hardware";
import type { ServingRequest } from "../cluster/types";
import { accepted, fitted, isFull, type Option } from "./candidates";
import { onOneNode, tensorGroups } from "./groups";
import type { CardPool } from "./pools";

/** TP sizes inside each PP rank that are looked at. */
const tensorSizes = [1, 2, 4, 8] as const;

/** Most PP ranks. */
const mostRanks = 16;

interface Group {
  readonly card: GpuModel;
  readonly gpus: readonly Gpu[];
}

/** TP groups of all cards, those with the most memory first, then the fastest. */
function groupsOf(pools: readonly CardPool[], size: number): readonly Group[] {
  return [...pools]
    .sort((a, b) => b.card.cudaTotalMib - a.card.cudaTotalMib || b.card.bandwidthGBs - a.card.bandwidthGBs)
    .flatMap(({ card, blocks }) =>
      blocks.flatMap((block) => tensorGroups(block, size).map((gpus) => ({ card, gpus }))),
    );
}

/** So that neighbours in the pipeline are neighbours in the network: groups of one node side by side. */
function byNode(groups: readonly Group[]): readonly Group[] {
  const nodes = [...new Set(groups.map(({ gpus }) => gpus[0]?.node))];
  return [...groups].sort((a, b) => nodes.indexOf(a.gpus[0]?.node) - nodes.indexOf(b.gpus[0]?.node));
}

function mixedOption(request: ServingRequest, size: number, chosen: readonly Group[]): Option {
  const groups = byNode(chosen);
  const cards = groups.map(({ card }) => card);
  const asked = { tensorParallel: size, pipelineParallel: groups.length };
  const { layerPartition } = request.pins;
  const { layout, broken } = accepted(
    request,
    cards,
    layerPartition === undefined ? asked : { ...asked, layerPartition },
  );
  const replica = groups.map(({ gpus }) => gpus);
  const reach = onOneNode(replica) ? "node pipeline" : "network";
  const option: Option = { cards, layout, reach, count: 1, samples: [replica], broken };
  return broken.length > 0 ? option : { ...option, ...fitted(request, { layout, cards, replicas: 1 }) };
}

/** One replica over unequal cards for each TP size, with the fewest PP ranks that hold what is wanted. */
export function mixedOptions(request: ServingRequest, pools: readonly CardPool[]): readonly Option[] {
  const { pins } = request;
  if (pools.length < 2 || (pins.replicas ?? 1) > 1) return [];
  return tensorSizes.flatMap((size) => {
    if (pins.tensorParallel !== undefined && pins.tensorParallel !== size) return [];
    const groups = groupsOf(pools, size);
    const found: Option[] = [];
    const pinned = pins.pipelineParallel ?? pins.layerPartition?.length;
    const most = Math.min(pinned ?? mostRanks, groups.length, request.shape.layers);
    for (let ranks = pinned ?? 2; ranks <= most; ranks++) {
      const chosen = groups.slice(0, ranks);
      if (new Set(chosen.map(({ card }) => card.id)).size < 2) continue;
      const option = mixedOption(request, size, chosen);
      found.push(option);
      if (isFull(option) || option.broken.length > 0) break;
    }
    return found;
  });
}
