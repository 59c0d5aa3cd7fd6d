import assert from "node:assert/strict";
import type { Quantization } from "../../../catalog/modelShapes";
import { fp8Block, w4a16 } from "../../../catalog/shapes/modelShape";
import { cardRates, groupRates } from "../../../plan/speed/card";
import { cardOf } from "./rows";

const bf16: Quantization = { format: "bf16" };
const mxfp4: Quantization = { format: "mxfp4" };

interface Case {
  readonly card: string;
  readonly how: Quantization;
  /** Weights have to be unpacked before they are multiplied: in linear layers, and in experts. */
  readonly unpacks: readonly [linear: boolean, experts: boolean];
  /** Linear layers are multiplied faster than in 16 bit. */
  readonly fast: boolean;
}

const cases: readonly Case[] = [
  { card: "3090", how: bf16, unpacks: [false, false], fast: false },
  { card: "3090", how: w4a16, unpacks: [true, true], fast: false },
  { card: "a100", how: fp8Block, unpacks: [true, true], fast: false },
  { card: "4090", how: fp8Block, unpacks: [false, false], fast: true },
  { card: "h100", how: fp8Block, unpacks: [false, false], fast: true },
  { card: "h100", how: w4a16, unpacks: [true, true], fast: false },
  { card: "a100", how: mxfp4, unpacks: [false, true], fast: false },
  { card: "h100", how: mxfp4, unpacks: [false, false], fast: false },
  { card: "5090", how: mxfp4, unpacks: [false, false], fast: false },
];

describe("plan/speed/card", () => {
  for (const { card, how, unpacks, fast } of cases) {
    it(`${card} with ${how.format}: ${fast ? "its own units" : "16 bit"}, unpacks ${unpacks.join(" and ")}`, () => {
      const rates = cardRates(cardOf(card), how);
      assert.deepEqual([rates.unpackLinear, rates.unpackExperts].map(Number.isFinite), unpacks);
      assert.equal(rates.linear > rates.plain, fast);
    });
  }

  it("reads no faster and multiplies no faster than the sheet says", () => {
    for (const name of ["3060", "3090", "4090", "5090", "a100", "h100", "h200", "l40s"]) {
      const card = cardOf(name);
      const { memory, plain } = cardRates(card, bf16);
      assert.ok(memory < card.bandwidthGBs * 1e9 && memory > 0.7 * card.bandwidthGBs * 1e9, name);
      assert.ok(plain < card.bf16Tflops * 1e12, name);
    }
  });

  it("unpacks with the SMs: A100 and H100 below what their memory gives, GeForce above", () => {
    const bound = (name: string): boolean => {
      const { memory, unpackLinear } = cardRates(cardOf(name), w4a16);
      return unpackLinear / 2 < memory;
    };
    assert.deepEqual(["a100", "h100", "h200", "3060", "3090", "4090", "5090", "l40s"].filter(bound), [
      "a100",
      "h100",
      "h200",
    ]);
  });

  it("takes the slowest of a group in each: bandwidth here, products and small kernels there", () => {
    const [l40s, a100] = [cardOf("l40s"), cardOf("a100")];
    const group = groupRates([l40s, a100, l40s], bf16);
    assert.equal(group.memory, cardRates(l40s, bf16).memory);
    assert.equal(group.plain, cardRates(a100, bf16).plain);
    assert.equal(group.kernel, cardRates(a100, bf16).kernel);
    assert.ok(group.kernel > cardRates(l40s, bf16).kernel);
  });
});
