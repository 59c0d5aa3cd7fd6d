import assert from "node:assert/strict";
import { checkOptions, planCommand, wantedOf, type PlanOptions } from "../../../cli/plan/options";

/** Options as commander reads them; its own complaints are thrown. */
function read(...typed: readonly string[]): PlanOptions {
  const command = planCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  command.parse(typed, { from: "user" });
  return command.opts();
}

describe("the command line of a plan", () => {
  it("pins what is typed, and nothing else", () => {
    assert.deepEqual(wantedOf(read("--gpus", "3090", "--model", "m")), { pins: {} });
    const typed =
      "--context 32,768 --concurrency 8 --tp 2 --pp 3 --replicas 4 --utilization 0.85 --kv-dtype fp8 --tp-over-network";
    assert.deepEqual(wantedOf(read(...typed.split(" "))), {
      contextTokens: 32768,
      concurrency: 8,
      pins: {
        tensorParallel: 2,
        pipelineParallel: 3,
        replicas: 4,
        gpuMemoryUtilization: 0.85,
        kvCacheDtype: "fp8",
        tensorParallelOverNetwork: true,
      },
    });
  });

  it("collects what is typed several times", () => {
    const { gpus, model } = read("--gpus", "3090", "--gpus", "3060@10GbE", "--model", "a", "--model", "b");
    assert.deepEqual(
      [gpus, model],
      [
        ["3090", "3060@10GbE"],
        ["a", "b"],
      ],
    );
  });

  for (const typed of [
    "--tp 0",
    "--tp 1.5",
    "--context many",
    "--utilization 0",
    "--utilization 1.1",
    "--kv-dtype int8",
    "--nope",
    "word",
  ])
    it(`refuses ${typed}`, () => assert.throws(() => read(...typed.split(" "))));

  const wrong: readonly (readonly [options: PlanOptions, message: RegExp])[] = [
    [{}, /found nothing to plan; expected --stack, or --gpus with --model/],
    [{ gpus: ["3090"] }, /--model: found nothing/],
    [{ stack: "local", gpus: ["3090"], kvDtype: "fp8" }, /found --stack with --gpus, --kv-dtype; expected either/],
    [{ gpus: ["3090"], model: ["a", "b"], compare: true }, /--compare: found 2 models/],
    [{ gpus: ["3090"], model: ["a"], compare: true, svg: "x" }, /--svg with --compare/],
  ];
  for (const [options, message] of wrong)
    it(`refuses ${JSON.stringify(options)}`, () =>
      assert.throws(() => checkOptions(options), { name: "UsageError", message }));

  it("takes a stack, a what-if, or the schema alone", () => {
    checkOptions({ stack: "local", why: true, json: true, svg: "x" });
    checkOptions({ gpus: ["3090"], model: ["a", "b"], tp: 1 });
    checkOptions({ jsonSchema: true });
  });
});
