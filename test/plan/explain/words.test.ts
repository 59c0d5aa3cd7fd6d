import assert from "node:assert/strict";
import { brief, count, gibOf, layoutWords, networkWords, storageWords, time, whole } from "../../../plan/explain/words";
import { shapeOf } from "../memory/cases";

describe("numbers in words", () => {
  const rows: readonly (readonly [found: string, expected: string])[] = [
    [whole(999), "999"],
    [whole(1000), "1,000"],
    [whole(1_234_567.6), "1,234,568"],
    [brief(0), "0"],
    [brief(0.423), "0.42"],
    [brief(0.996), "1.0"],
    [brief(9.94), "9.9"],
    [brief(9.96), "10"],
    [brief(4200), "4,200"],
    [gibOf(17 * 2 ** 30), "17.0"],
    [count(1, "replica"), "1 replica"],
    [count(1200, "GPU"), "1,200 GPUs"],
    [time(0.0463), "46 ms"],
    [time(0.99949), "999 ms"],
    [time(0.9996), "1.0 s"],
    [time(31.2), "31 s"],
    [networkWords({ gbitPerSecond: 10, rdma: false }), "10 GbE"],
    [networkWords({ gbitPerSecond: 2.5, rdma: false }), "2.5 GbE"],
    [networkWords({ gbitPerSecond: 400, rdma: true }), "400 Gb/s RDMA"],
    [layoutWords({ tensorParallel: 2, pipelineParallel: 1 }), "TP 2 x PP 1"],
    [
      layoutWords({ tensorParallel: 1, pipelineParallel: 3, layerPartition: [19, 23, 20], expertParallel: true }),
      "TP 1 x PP 3 (layers 19+23+20) with EP",
    ],
    [storageWords(shapeOf("Qwen/Qwen3-32B-AWQ")), "4 bit (AWQ)"],
    [storageWords(shapeOf("RedHatAI/gemma-3-27b-it-quantized.w4a16")), "4 bit (GPTQ, W4A16)"],
    [storageWords(shapeOf("Qwen/Qwen3-32B-FP8")), "FP8 in blocks"],
    [storageWords(shapeOf("openai/gpt-oss-20b")), "MXFP4"],
    [storageWords(shapeOf("Qwen/Qwen3-32B")), "16 bit"],
  ];
  for (const [found, expected] of rows) it(`are "${expected}"`, () => assert.equal(found, expected));
});
