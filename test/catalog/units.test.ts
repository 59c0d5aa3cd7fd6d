import assert from "node:assert/strict";
import { builtinModel, builtinModels } from "../../catalog/models";
import * as units from "../../catalog/units";
import { versions } from "../../catalog/versions";

describe("units", () => {
  it("convert", () => {
    assert.equal(units.gibToBytes(units.gib(1.5)), 1_610_612_736);
    assert.equal(units.bytesToGib(units.bytes(2 ** 29)), 0.5);
    assert.equal(units.mibToGib(units.mib(24_576)), 24);
    assert.equal(units.mibToBytes(units.mib(2)), 2_097_152);
    assert.equal(units.minutesToSeconds(60), 3600);
  });

  it("refuse what is no amount", () => {
    for (const wrong of [-1, Number.NaN, Infinity]) assert.throws(() => units.gib(wrong), RangeError);
  });

  it("print", () => {
    assert.deepEqual(
      [0, 256, 131_072, 2 ** 31, 2 ** 51].map((n) => units.formatBytes(units.bytes(n))),
      ["0 B", "256 B", "128 KiB", "2 GiB", "2048 TiB"],
    );
    assert.equal(units.formatGib(units.gib(10.84)), "10.8 GiB");
    assert.deepEqual(
      [30, 90, 60, 3600, 3900].map((n) => units.formatSeconds(units.seconds(n))),
      ["30 s", "90 s", "1 min", "1 h", "1 h 5 min"],
    );
  });
});

describe("catalogue", () => {
  it("has consistent built-in models", () => {
    for (const [source, model] of Object.entries(builtinModels)) {
      assert.equal(builtinModel(source), model);
      assert.equal(model.source, source);
      assert.equal(model.heads * model.headDim, model.hiddenSize);
      assert.equal(model.heads % model.kvHeads, 0);
      assert.ok(model.vocabSize > 256, "every byte is a token");
    }
    assert.equal(builtinModel("constructor"), undefined);
  });

  it("moves vLLM and its CPU build together", () => {
    assert.equal(versions.vllm, versions.vllmCpu);
  });
});
