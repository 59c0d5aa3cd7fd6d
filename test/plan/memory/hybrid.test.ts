import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { ModelShape } from "../../../catalog/modelShapes";
import { shapeFromConfig } from "../../../catalog/shapes/fromConfig";
import { memoryOf, type EngineSettings } from "../../../plan/memory";
import { alignedBlockSize, kvCapacity, kvLayout, pageBytes, stateBytes } from "../../../plan/memory/kvCache";
import { layerTensors } from "../../../plan/memory/tensors";
import { groupSize } from "../../../plan/rules/storage";
import { candidate } from "../rules/cases";
import { defaults, GIB, shapeOf, spread } from "./cases";

/** Recorded answers of vLLM itself; the file says how. */
const recorded = z
  .strictObject({
    what: z.string(),
    columns: z.array(z.string()),
    models: z.record(z.string(), z.record(z.string(), z.unknown())),
    rows: z.array(
      z.tuple([
        z.string(),
        z.enum(["auto", "fp8"]),
        ...([z.int(), z.int(), z.int(), z.int(), z.int(), z.int(), z.int(), z.int(), z.int()] as const),
      ]),
    ),
  })
  .parse(JSON.parse(readFileSync(join(__dirname, "hybrid-kv.json"), "utf8")));

function shapeOfConfig(name: string): ModelShape {
  const result = shapeFromConfig(recorded.models[name], name);
  assert.ok("shape" in result, name);
  return result.shape;
}

const next = "Qwen/Qwen3-Next-80B-A3B-Instruct";

describe("plan/memory of models with linear attention", () => {
  for (const [name, kvCacheDtype, tp, pp, maxModelLen, state, block, page, groups, blocks, tokens] of recorded.rows) {
    it(`divides the cache as vLLM does: ${name}, TP ${tp} x PP ${pp}, ${kvCacheDtype}, ${maxModelLen}`, () => {
      const shape = shapeOfConfig(name);
      const layout = spread(tp, pp);
      const settings: EngineSettings = { ...defaults, maxModelLen, kvDtypeBytes: kvCacheDtype === "fp8" ? 1 : 2 };
      assert.equal(stateBytes(shape, layout), state);
      assert.equal(alignedBlockSize(shape, layout, settings), block);
      assert.equal(pageBytes(shape, layout, settings), page);
      const divided = kvLayout(shape, layout, settings);
      assert.equal(divided.blocksPerSequence, Math.ceil(maxModelLen / block) + 2 * (groups - 1));
      const capacity = kvCapacity(divided, Array<number>(pp).fill(24e9), maxModelLen);
      assert.deepEqual([capacity.blocks, capacity.tokens], [blocks, tokens]);
    });
  }

  it("raises the block from what was asked for, and leaves one alone that is large enough", () => {
    const at = (blockSize: number): number => alignedBlockSize(shapeOf(next), spread(1), { ...defaults, blockSize });
    assert.deepEqual([at(16), at(128), at(544), at(1024)], [544, 640, 544, 1024]);
    assert.equal(alignedBlockSize(shapeOf("Qwen/Qwen3-8B"), spread(1), defaults), 16);
  });

  it("does not start when there are more slots than blocks, save without CUDA graphs", () => {
    const at = (maxNumSeqs: number, enforceEager = false): boolean => {
      const settings = { ...defaults, maxNumSeqs, enforceEager, kvDtypeBytes: 1 as const };
      const gpuBytes = [23.2 * GIB];
      const { kv, fits } = memoryOf({ shape: shapeOf("Qwen/Qwen3.8-27B-FP8"), layout: spread(2), settings, gpuBytes });
      assert.ok(kv.holdsOne && kv.blocks > 128 && kv.blocks < 256, String(kv.blocks));
      return fits;
    };
    assert.deepEqual([at(128), at(256), at(256, true)], [true, false, true]);
  });

  it("has full attention in every fourth layer, with a gate on its output", () => {
    const [linear, full] = [0, 3].map((index) => layerTensors(shapeOf(next), spread(2), index));
    // Queries and keys of 16 heads, values and the gate of 32, 128 each, on two ranks.
    assert.deepEqual(linear?.[0], { kind: "linear", rows: (2 * 16 * 128 + 2 * 32 * 128) / 2, columns: 2048 });
    assert.deepEqual(linear[4], { kind: "full", rows: 16, columns: 1 });
    assert.deepEqual(full?.[0], { kind: "linear", rows: (2 * 8 + 2) * 256, columns: 2048 });
    assert.deepEqual(full[1], { kind: "linear", rows: 2048, columns: 8 * 256 });
  });

  it("stores what FP8 blocks cannot hold in 16 bit", () => {
    const kinds = layerTensors(shapeOf(`${next}-FP8`), spread(1), 0).map(({ kind }) => kind);
    assert.deepEqual(kinds.slice(0, 7), ["linear", "plain", "plain", "plain", "full", "plain", "linear"]);
  });

  it("keeps in 16 bit what the quantization leaves out, and cuts it as it likes", () => {
    const whole: ModelShape = { ...shapeOf(next), quantization: { format: "int4", group: 128, zeros: false } };
    const spared: ModelShape = { ...whole, plainParts: ["attention", "linear", "shared"] };
    const kinds = (shape: ModelShape, index: number): number =>
      layerTensors(shape, spread(1), index).filter(({ kind }) => kind === "linear").length;
    assert.deepEqual([kinds(whole, 0), kinds(whole, 3), kinds(spared, 0), kinds(spared, 3)], [4, 4, 0, 0]);
    const one: ModelShape = { ...whole, plainParts: ["linear"] };
    assert.deepEqual([kinds(one, 0), kinds(one, 3)], [2, 4]);
    // A shared expert of 512 on eight ranks: half a group each.
    const at = (shape: ModelShape) => groupSize(candidate(next, 8, 1, { shape }));
    assert.match(at(whole)?.found ?? "", /leaves 64 inputs of the shared expert/);
    assert.equal(at(spared), undefined);
  });
});
