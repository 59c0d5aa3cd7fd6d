import assert from "node:assert/strict";
import { bytes } from "../../catalog/units";
import { fitShape, kvBytesPerToken, kvGibFor, tokensIn } from "../../plan/fit";
import { llama8b } from "./cases";

const defaults = { context: 4096, slots: 4 };
const free = { askedContext: undefined, askedSlots: undefined, defaults };

describe("kvBytesPerToken", () => {
  it("is 128 KiB for Llama 3.1 8B: 2 x 32 layers x 8 heads x 128 x 2 bytes", () => {
    assert.equal(kvBytesPerToken(llama8b), 131_072);
  });

  it("is not known when any part is not", () => {
    for (const part of ["layers", "kvHeads", "headDim"]) {
      assert.equal(kvBytesPerToken({ ...llama8b, [part]: undefined }), undefined);
    }
  });
});

describe("fitShape", () => {
  const cases: readonly (readonly [
    string,
    Parameters<typeof fitShape>[0],
    number,
    readonly [number, number] | undefined,
  ])[] = [
    ["takes the defaults when they fit", free, 16_384, [4096, 4]],
    ["lowers slots first", free, 16_383, [4096, 3]],
    ["then context, by whole blocks", free, 4000, [4000, 1]],
    ["then context, rounded down", free, 3999, [3984, 1]],
    ["gives up below one block", free, 15, undefined],
    ["keeps an asked context", { ...free, askedContext: 5000 }, 9999, [5000, 1]],
    ["refuses an asked context that does not fit", { ...free, askedContext: 5000 }, 4999, undefined],
    ["keeps asked slots", { ...free, askedSlots: 8 }, 4096, [512, 8]],
    ["refuses both when both are asked for", { ...free, askedContext: 512, askedSlots: 9 }, 4096, undefined],
  ];
  for (const [title, request, tokens, expected] of cases) {
    it(title, () => {
      const shape = fitShape(request, tokens);
      assert.deepEqual(shape && [shape.context, shape.slots], expected);
    });
  }
});

describe("KV cache sizes", () => {
  it("round up to steps of 64 MiB, and hold what they were made for", () => {
    assert.equal(kvGibFor({ context: 16, slots: 1 }, bytes(256)), 1 / 16);
    assert.equal(kvGibFor({ context: 8192, slots: 1 }, bytes(131_072)), 1);
    assert.equal(kvGibFor({ context: 8193, slots: 1 }, bytes(131_072)), 1 + 1 / 16);
    assert.equal(tokensIn(1, bytes(131_072)), 8192);
  });
});
