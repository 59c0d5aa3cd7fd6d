/** Layers by memory: PP ranks that have more room get more layers. */
import type { ModelShape } from "../../catalog/modelShapes";
import type { MemoryEstimate } from "../memory";
import type { Layout } from "../memory/layout";

/**
 * Splits the layers so that the rank with the least room for each of its layers has as much as can be: the weights and
 * the cache of a layer then fit wherever they fit at all. Each layer goes to the rank with the most room a layer, which
 * is the highest-averages method of dividing seats. Embedding, head and vision tower are taken off their ranks first.
 * @param even memory in a cold start with vLLM's even split on the same GPUs: says what each rank has besides its layers.
 */
export function splitByMemory(shape: ModelShape, layout: Layout, even: MemoryEstimate): Layout {
  const room = even.ranks.map(({ budget, weights, nonTorch, activations }) =>
    Math.max(0, budget - (weights.total - weights.layers) - nonTorch - activations),
  );
  const layers = room.map(() => 1); // a rank without a layer would only pass the activations on
  const average = (rank: number): number => (room[rank] ?? 0) / ((layers[rank] ?? 0) + 1);
  const averages = room.map((_own, rank) => average(rank));
  for (let given = layers.length; given < shape.layers; given++) {
    const rank = averages.indexOf(Math.max(...averages));
    layers[rank] = (layers[rank] ?? 0) + 1;
    averages[rank] = average(rank);
  }
  return { ...layout, layerPartition: layers };
}
