import assert from "node:assert/strict";
import { groupSize, kvCapacity, kvLayout, pageBytes } from "../../../plan/memory/kvCache";
import { defaults, shapeOf, spread } from "./cases";

const perToken = (id: string, tp: number): number => {
  const { blockBytes } = kvLayout(shapeOf(id), spread(tp), defaults);
  return (blockBytes[0] ?? 0) / defaults.blockSize;
};

describe("plan/memory/kvCache", () => {
  it("takes the known bytes a token", () => {
    assert.equal(perToken("Qwen/Qwen2.5-0.5B-Instruct", 1), 12_288);
    assert.equal(perToken("Qwen/Qwen3-32B-AWQ", 1), 262_144);
    assert.equal(perToken("deepseek-ai/DeepSeek-R1-Distill-Llama-70B", 1), 327_680);
    assert.equal(perToken("Qwen/Qwen3-235B-A22B-Instruct-2507", 1), 192_512);
  });

  it("stops shrinking when KV heads are replicated", () => {
    const id = "Qwen/Qwen3-235B-A22B-Instruct-2507";
    assert.deepEqual(
      [1, 2, 4, 8].map((tp) => perToken(id, tp)),
      [192_512, 96_256, 48_128, 48_128],
    );
  });

  it("halves with FP8", () => {
    const shape = shapeOf("Qwen/Qwen3-8B");
    assert.equal(
      pageBytes(shape, spread(1), defaults),
      2 * pageBytes(shape, spread(1), { ...defaults, kvDtypeBytes: 1 }),
    );
  });

  it("holds one compressed vector a token with MLA, whole on every TP rank", () => {
    for (const tp of [1, 8]) assert.equal(perToken("deepseek-ai/DeepSeek-V3", tp), 61 * (512 + 64) * 2);
  });

  it("groups layers by the rarer kind, or by the other when they are nearly as many", () => {
    assert.equal(groupSize(10, 52), 10);
    assert.equal(groupSize(12, 12), 12);
    assert.equal(groupSize(13, 12), 13);
    assert.equal(groupSize(20, 30), 20);
    assert.equal(groupSize(20, 29), 29);
    assert.equal(groupSize(32, 0), 32);
    assert.equal(groupSize(0, 32), 32);
  });

  it("counts blocks over all groups: Gemma 3 27B has one global and six with a window", () => {
    const shape = shapeOf("google/gemma-3-27b-it");
    const at = (maxModelLen: number, asyncScheduling: boolean): number =>
      kvLayout(shape, spread(1), { ...defaults, maxModelLen, asyncScheduling }).blocksPerSequence;
    // 32768 / 16, and for each window ceil((1023 + 2 x 2048) / 16) + 1
    assert.equal(at(32768, true), 2048 + 6 * 321);
    assert.equal(at(32768, false), 2048 + 6 * 193);
    // A short sequence never leaves its window: as many blocks as a global layer's, and one.
    assert.equal(at(512, true), 32 + 6 * 33);
  });

  it("holds the blocks of one more step for each PP rank", () => {
    const shape = shapeOf("google/gemma-3-27b-it");
    const settings = { ...defaults, maxModelLen: 32768 };
    const perWindow = (steps: number): number => Math.ceil((1023 + steps * 2048) / 16) + 1;
    assert.equal(kvLayout(shape, spread(1, 2), settings).blocksPerSequence, 2048 + 6 * perWindow(3));
    const off = { ...settings, asyncScheduling: false };
    assert.equal(kvLayout(shape, spread(1, 2), off).blocksPerSequence, 2048 + 6 * perWindow(2));
  });

  it("has blocks as wide as the widest group", () => {
    const [block] = kvLayout(shapeOf("google/gemma-3-27b-it"), spread(1), defaults).blockBytes;
    assert.equal(block, 10 * 16 * 2 * 16 * 128 * 2);
  });

  it("deals the layers of each kind out over the PP ranks", () => {
    const shape = shapeOf("google/gemma-3-27b-it");
    const page = pageBytes(shape, spread(1, 2), defaults);
    const { blockBytes } = kvLayout(shape, spread(1, 2), defaults);
    // Groups of ten; each rank has five layers of the fullest group, not ten of one and none of another.
    assert.deepEqual(blockBytes, [5 * page, 5 * page]);
  });

  it("holds as many blocks as the poorest rank, and tokens as sequences times length", () => {
    const layout = {
      blockBytes: kvLayout(shapeOf("Qwen/Qwen3-8B"), spread(1, 2), defaults).blockBytes,
      blocksPerSequence: 512,
    };
    const [block = 0] = layout.blockBytes;
    const capacity = kvCapacity(layout, [1024 * block, 900 * block + 1], 8192);
    assert.deepEqual(capacity, { blocks: 900, sequences: 900 / 512, tokens: 14400, holdsOne: true });
  });

  it("keeps one block for vLLM itself", () => {
    const layout = kvLayout(shapeOf("Qwen/Qwen3-8B"), spread(1), defaults);
    const [block = 0] = layout.blockBytes;
    assert.equal(kvCapacity(layout, [512 * block], 8192).holdsOne, false);
    assert.equal(kvCapacity(layout, [513 * block], 8192).holdsOne, true);
    assert.deepEqual(kvCapacity(layout, [-1], 8192), { blocks: 0, sequences: 0, tokens: 0, holdsOne: false });
  });
});
