import assert from "node:assert/strict";
import { layoutName } from "../../../plan/layouts/words";
import { nearest } from "../../../plan/rules/nearest";
import { candidate } from "./cases";

describe("plan/rules/nearest", () => {
  const llama = "meta-llama/Llama-3.1-8B-Instruct";
  const even = (sizes: readonly number[]) => (each: { layout: { tensorParallel: number } }) =>
    sizes.includes(each.layout.tensorParallel);
  const names = (tp: number, pp: number, gpus: number, sizes: readonly number[]): readonly string[] =>
    nearest(candidate(llama, tp, pp), gpus, even(sizes)).map(layoutName);

  it("finds the TP below and above at the same PP, then another depth", () => {
    assert.deepEqual(names(3, 1, 8, [1, 2, 4, 8]), ["TP 2", "TP 4", "PP 3"]);
    assert.deepEqual(names(3, 2, 8, [1, 2, 4, 8]), ["TP 2 x PP 2", "TP 4 x PP 2", "TP 2 x PP 3"]);
  });

  it("uses no more GPUs than there are", () => {
    assert.deepEqual(names(3, 1, 3, [1, 2, 4]), ["TP 2", "PP 3"]);
    assert.deepEqual(names(8, 2, 4, [1, 2, 4]), ["TP 2 x PP 2", "TP 4"]);
  });

  it("finds nothing where nothing works", () => assert.deepEqual(names(3, 1, 8, []), []));

  it("offers whole experts, unless the user does not want them", () => {
    const works = ({ layout }: { layout: { expertParallel?: boolean } }): boolean => layout.expertParallel === true;
    const moe = candidate("Qwen/Qwen3-235B-A22B-Instruct-2507-FP8", 8);
    assert.deepEqual(nearest(moe, 8, works).map(layoutName), ["TP 8 with expert parallel"]);
    assert.deepEqual(nearest({ ...moe, pins: { expertParallel: false } }, 8, works), []);
  });

  it("keeps a layer partition at its own PP only", () => {
    const layout = { tensorParallel: 3, pipelineParallel: 2, layerPartition: [20, 12] };
    const found = nearest(candidate(llama, 3, 2, { layout }), 8, even([1, 2]));
    assert.deepEqual(found, [
      { tensorParallel: 2, pipelineParallel: 2, layerPartition: [20, 12] },
      { tensorParallel: 2, pipelineParallel: 3 },
    ]);
  });
});
