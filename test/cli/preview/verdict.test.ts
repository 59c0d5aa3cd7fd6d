import assert from "node:assert/strict";
import { verdictOf } from "../../../cli/preview/verdict";
import { plan as local } from "../../components/cases";
import { planOf } from "./fixtures";

describe("the verdict of a plan", () => {
  it("says how each model is served, and on how many of the GPUs", () => {
    const { models, gpus } = verdictOf(planOf("nothing"));
    assert.deepEqual(gpus, { used: 3, all: 4 });
    assert.equal(models.length, 1);
    assert.match(
      models[0]?.text ?? "",
      /^TP 1 x PP 1, 3 replicas of 1 GPU, 8,192 tokens of context, [\d,]+ tokens\/s with \d+ requests$/,
    );
  });

  it("says the same of this machine", () => {
    const { models, gpus } = verdictOf(local);
    assert.equal(gpus, undefined);
    assert.match(models[0]?.text ?? "", /^on this machine's CPU, [\d,]+ tokens of context$/);
  });
});
