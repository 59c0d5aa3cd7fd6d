import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { jsonSchema, outputSchema, type Output } from "../../../cli/plan/json";
import { answer } from "../../../cli/plan/run";
import { stackNames } from "../../../cli/plan/stack";
import { ProfileError } from "../../../config/errors";
import { elementsOf } from "../../plan/support/svg";
import { Place } from "../../support/fixtures";

const root = resolve(__dirname, "../../..");
const small = { gpus: ["2x3090"], model: ["qwen3-8b"], context: 8192 } as const;
const tooLarge = { gpus: ["3060"], model: ["Qwen/Qwen3-32B"] } as const;

/** What was printed, held to the schema. */
const parsed = (text: string): Output => {
  const json: unknown = JSON.parse(text);
  outputSchema.parse(json);
  return json as Output; // Its shape was just checked.
};

describe("a plan for machines", () => {
  for (const stack of stackNames())
    it(`of stack ${stack} is as its schema says`, () => {
      const output = parsed(answer({ stack, json: true }, {}).text);
      assert.deepEqual([output.kind, output.fits], [stack === "local" ? "local" : "cluster", true]);
    });

  it("of a what-if is as its schema says", () => {
    const output = parsed(answer({ ...small, json: true }, {}).text);
    assert.ok(output.kind === "what-if");
    assert.equal(output.serving.models[0]?.engine.maxModelLen, 8192);
  });

  it("of a model with experts and a latent cache, of sliding windows and of unequal cards is as its schema says", () => {
    for (const [gpus, model] of [
      ["2x8xh100@400IB", "deepseek-ai/DeepSeek-R1"],
      ["8xh100", "openai/gpt-oss-120b"],
      ["2x3090,3060", "google/gemma-3-12b-it"],
    ] as const) {
      assert.equal(parsed(answer({ gpus: [gpus], model: [model], json: true }, {}).text).kind, "what-if");
    }
  });

  it("of a comparison has every format, with the faults of those that do not fit", () => {
    const output = parsed(answer({ gpus: ["3090"], model: ["Qwen/Qwen3-32B"], compare: true, json: true }, {}).text);
    assert.ok(output.kind === "comparison");
    assert.deepEqual(
      output.models.map(({ model, fits, faults }) => [model, fits, faults.length > 0]),
      [
        ["Qwen/Qwen3-32B-AWQ", true, false],
        ["Qwen/Qwen3-32B", false, true],
        ["Qwen/Qwen3-32B-FP8", false, true],
      ],
    );
  });

  it("that does not fit is its faults, and an error", () => {
    const { text, error } = answer({ ...tooLarge, json: true }, {});
    const output = parsed(text);
    assert.ok(output.kind === "faults" && error instanceof ProfileError);
    assert.deepEqual(output.faults, error.faults);
    assert.equal(output.fits, false);
  });

  it("has its schema in docs/", () => {
    const file: unknown = JSON.parse(readFileSync(join(root, "docs", "plan.schema.json"), "utf8"));
    assert.deepEqual(
      file,
      jsonSchema(),
      "run `npm run -s plan -- --json-schema > docs/plan.schema.json`, then prettier",
    );
  });
});

describe("a plan for people", () => {
  it("starts with what the hardware was understood to be", () => {
    assert.match(answer(small, {}).text, /^what-if {2}fits: .*\n1 machine with 2 x RTX 3090 \(PCIe 4\.0 x16\)\n/);
  });

  it("takes the terminal's width", () => {
    const widest = (columns: number): number =>
      Math.max(
        ...answer(small, { columns })
          .text.split("\n")
          .map(({ length }) => length),
      );
    assert.ok(widest(80) <= 80 && widest(100) > 80 && widest(100) <= 100);
  });

  it("is drawn where it is told to", () => {
    const place = new Place();
    try {
      const svg = join(place.directory, "plan.svg");
      assert.ok(answer({ ...small, svg }, {}).text.endsWith(`\n\npicture: ${svg}`));
      assert.equal(elementsOf(readFileSync(svg, "utf8"))[0]?.name, "svg");
      const nowhere = join(place.directory, "no", "plan.svg");
      assert.throws(() => answer({ ...small, svg: nowhere }, {}), { name: "UsageError", message: /cannot be written/ });
    } finally {
      place.remove();
    }
  });

  it("compares, and is an error when nothing fits", () => {
    const { text, error } = answer({ ...tooLarge, compare: true }, {});
    assert.match(text, /Qwen3-32B-AWQ .* does not fit/);
    assert.match(error?.message ?? "", /^It does not fit:/);
  });

  it("names the options of a what-if in its faults", () => {
    const { error } = answer({ gpus: ["3090"], model: ["Qwen/Qwen3-32B-AWQ"], context: 40_000 }, {});
    assert.match(error?.message ?? "", /\n {2}--context: found 40,?000 tokens/);
  });

  it("refuses a stack that is not there, and a picture of this machine", () => {
    const noStack = { name: "UsageError", message: /--stack: found "nope"; expected one of .*local/ };
    assert.throws(() => answer({ stack: "nope" }, {}), noStack);
    assert.throws(() => answer({ stack: "../x" }, {}), { name: "UsageError" });
    assert.throws(() => answer({ stack: "local", svg: "x" }, {}), { name: "UsageError", message: /this machine/ });
  });

  it("tells wrong GPUs and a wrong model at once", () => {
    const message = /--gpus: [\s\S]*\n--model: /;
    assert.throws(() => answer({ gpus: ["3x3091"], model: ["nope"] }, {}), { name: "UsageError", message });
  });
});

describe("npm run plan", () => {
  const run = (...typed: readonly string[]): readonly [status: number | null, out: string, error: string] => {
    const command = [join(root, "node_modules", "tsx", "dist", "cli.mjs"), join(root, "cli", "plan.ts"), ...typed];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, {
      cwd: root,
      encoding: "utf8",
      // CI machines set CI, which colours what is not a terminal too.
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined },
    });
    return [status, stdout, stderr];
  };

  it("ends with 0 when it fits, 1 when not, 2 for what cannot be understood, and never with a stack trace", () => {
    const [fits, table, silent] = run("--gpus", "3090", "--model", "qwen3-8b-awq");
    assert.deepEqual([fits, silent], [0, ""]);
    assert.match(table, /fits: 1 model on 1 of 1 GPU\n/);
    const [fault, nothing, why] = run("--gpus", "3060", "--model", "Qwen/Qwen3-32B");
    assert.deepEqual([fault, nothing], [1, ""]);
    assert.match(why, /^error It does not fit:\n {2}--model: found [^\n]*\n$/);
    for (const typed of [["--gpus", "3x3091", "--model", "phi-4"], ["--tp", "x"], []]) {
      const [status, out, error] = run(...typed);
      assert.deepEqual([status, out], [2, ""]);
      assert.match(error, /^error: [^\n]*\n$/);
    }
  }).timeout(60_000);
});
