import assert from "node:assert/strict";
import { assign, type Wish } from "../../../plan/layouts/assign";
import { sampleReplicas, type Reach } from "../../../plan/layouts/groups";
import { cardPools } from "../../../plan/layouts/pools";
import { nodeOf, nodesOf } from "../support/servingPlans";
import { ask, on } from "./cases";
import { search } from "../../../plan/layouts/search";

/** Two nodes of two RTX 3090 and one of an RTX 3060. */
const hardware = on([...nodesOf("big", 2, "3090", 2), ...nodeOf("small", "3060", 1)]);
const pools = cardPools(hardware.gpus);
const model = "Qwen/Qwen3-0.6B";
const [scored] = search({ request: ask(model), hardware, pools }, true).ranked;

/** A layout on one card of the pools, by its place. */
const option = (card: number, tensorParallel: number): Wish["options"][number] => {
  const pool = pools[card];
  assert.ok(pool !== undefined && scored !== undefined);
  const layout = { tensorParallel, pipelineParallel: 1 };
  const reach: Reach = tensorParallel === 1 ? "one GPU" : "node tensor";
  return { ...scored, pool, layout, reach, samples: sampleReplicas(pool.blocks, layout, reach) };
};
const wish = (least: number, most: number, ...options: Wish["options"]): Wish => ({ least, most, options });
const gpusOf = (wishes: readonly Wish[]): (readonly string[] | undefined)[] =>
  assign(wishes).map((place) => place?.replicas.flat(2).map(({ id }) => id));

describe("plan/layouts/assign", () => {
  const one = option(0, 1);
  const two = option(0, 2);
  const small = option(1, 1);
  const table: readonly (readonly [what: string, wishes: readonly Wish[], gpus: readonly (string | undefined)[]])[] = [
    ["each its number, one after another", [wish(1, 1, one), wish(2, 2, one)], ["big-1/0", "big-1/1 big-2/0"]],
    [
      "the first is moved for the second",
      [wish(1, 1, two, small), wish(2, 2, two)],
      ["small/0", "big-1/0 big-1/1 big-2/0 big-2/1"],
    ],
    [
      "who has no place beside the earlier ones is left out, and a later one is not",
      [wish(1, 1, two), wish(2, 2, two), wish(1, 1, two)],
      ["big-1/0 big-1/1", undefined, "big-2/0 big-2/1"],
    ],
    [
      "as many as there is room for beside the later ones",
      [wish(1, Infinity, one), wish(2, 2, one)],
      ["big-1/0 big-1/1", "big-2/0 big-2/1"],
    ],
    [
      "as many as there is room for after pinned ones",
      [wish(1, 1, one), wish(1, Infinity, one), wish(1, 1, one, small)],
      ["big-1/0", "big-1/1 big-2/0 big-2/1", "small/0"],
    ],
  ];
  for (const [what, wishes, gpus] of table)
    it(what, () => {
      assert.deepEqual(
        gpusOf(wishes).map((ids) => ids?.join(" ")),
        gpus,
      );
    });
});
