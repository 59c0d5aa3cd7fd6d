import assert from "node:assert/strict";
import { changedFigures, compareModels, type Base } from "../../../cli/preview/compare";
import { planLines } from "../../../cli/preview/planMarkdown";
import { figureNames, type ModelVerdict, type Verdict } from "../../../cli/preview/verdict";

const model = (name: string, context: string, bar = "████"): ModelVerdict => ({
  name,
  text: "fits",
  figures: {
    ...{ model: `org/${name}`, layout: "TP 1", replicas: "1", context, "KV tokens": "9" },
    ...{ "tokens/s": "5", alone: "1", "first token": "1 s" },
  },
  bars: [bar],
});
const verdict = (...models: readonly ModelVerdict[]): Verdict => ({ models, warnings: [] });

describe("plans before and after", () => {
  it("pair models by their served name, and of the others the one that goes with the one that comes", () => {
    const before = verdict(model("a", "1"), model("b", "1"), model("c", "1"));
    const compared = compareModels(before, verdict(model("c", "1"), model("x", "1")));
    assert.deepEqual(
      compared.map(({ fate, name }) => [fate, name.before, name.after]),
      [
        ["stays", "c", "c"],
        ["replaced", "a", "x"],
        ["goes", "b", undefined],
      ],
    );
    const [only] = compareModels(verdict(), verdict(model("a", "1")));
    assert.deepEqual([only?.fate, only?.name], ["comes", { after: "a" }]);
  });

  it("tell what of a model changes, and keep the bars of before only where they differ", () => {
    const [same, other] = ["████", "██░░"].map((bar) =>
      compareModels(verdict(model("a", "8")), verdict(model("a", "16", bar))).at(0),
    );
    assert.ok(same !== undefined && other !== undefined);
    assert.deepEqual(changedFigures(same), ["context 8 -> 16"]);
    assert.deepEqual([same.barsBefore, other.barsBefore, other.bars], [undefined, ["████"], ["██░░"]]);
  });

  const lines = (base: Base | undefined, after: Verdict): string => {
    const models = compareModels(base?.kind === "planned" ? base.verdict : undefined, after);
    return planLines({ stack: "rack", verdict: after, models, ...(base === undefined ? {} : { base }) }).join("\n");
  };
  const from = "origin/main";

  it("show changed cells bold, and others as they are", () => {
    const text = lines({ from, kind: "planned", verdict: verdict(model("a", "8")) }, verdict(model("a", "16")));
    assert.match(text, /\| a \| org\/a \| TP 1 \| 1 \| \*\*8 → 16\*\* \| 9 \| 5 \| 1 \| 1 s \|/);
    assert.ok(text.includes(`| served as | ${figureNames.join(" | ")} |`));
    assert.match(text, /^\n\*\*Plan\*\*, compared with origin\/main$/m);
  });

  it("strike out what goes, and mark what comes", () => {
    const before = verdict(model("a", "8"), model("b", "8"));
    assert.match(
      lines({ from, kind: "planned", verdict: before }, verdict(model("a", "8"))),
      /\| ~~b~~ \(gone\) \| ~~org\/b~~ \|/,
    );
    assert.match(
      lines({ from, kind: "planned", verdict: verdict() }, verdict(model("a", "8"))),
      /\| \*\*a\*\* \(new\) \|/,
    );
  });

  it("say where there is nothing to compare with", () => {
    const after = verdict(model("a", "8"));
    const fault = { path: "a", found: "b", needed: "c", fix: "d" };
    assert.match(lines(undefined, after), /^\n\*\*Plan\*\*$/m);
    assert.match(lines({ from, kind: "absent" }, after), /\*\*Plan\*\*, new since origin\/main/);
    assert.match(
      lines({ from, kind: "refused", faults: [fault] }, after),
      /that of origin\/main could not be made \(1 fault\)/,
    );
    assert.match(lines({ from, kind: "planned", verdict: after }, after), /the same as at origin\/main/);
  });
});
