import assert from "node:assert/strict";
import { modelShapes } from "../../../catalog/modelShapes";
import { planServing } from "../../../plan/layouts";
import { duration } from "../../../plan/layouts/words";
import { nodesOf } from "../support/servingPlans";
import { ask, eightA100, homelab, on } from "./cases";

const empty: readonly RegExp[] = [
  /(^|[^\d.])0 GiB/,
  /(?:^|\s)(\S+ m?s) a token instead of \1[^\w.]/,
  /(?:^|\s)1 (ranks|requests|tokens\/s|GPUs|replicas)\b/,
  /\(0 ms\)/,
  /undefined|NaN|Infinity/,
];

const hardware = { homelab, eightA100, "two nodes": on(nodesOf("gpu", 2, "3090", 1)) };

describe("plan/layouts/words", () => {
  it("writes durations in the unit that reads best", () => {
    assert.deepEqual([0.00001, 0.0034, 0.022, 2.4, 24].map(duration), [
      "under 0.1 ms",
      "3.4 ms",
      "22 ms",
      "2.4 s",
      "24 s",
    ]);
  });

  for (const [name, gpus] of Object.entries(hardware)) {
    it(`has no sentence that says nothing: every model of the catalogue on ${name}, short and long`, () => {
      for (const { id, maxContext } of modelShapes) {
        for (const more of [{}, { contextTokens: 8192 }, { contextTokens: Math.min(32768, maxContext) }]) {
          const { plans, faults } = planServing([ask(id, more)], gpus);
          const told = [
            ...plans.models.flatMap(({ reasons, warnings, runnersUp }) => [
              ...reasons,
              ...warnings,
              ...runnersUp.map(({ reason }) => reason),
            ]),
            ...plans.idle.map(({ reason }) => reason),
            ...faults.flatMap(({ found, needed, fix }) => [found, needed, fix]),
          ];
          for (const text of told) for (const nothing of empty) assert.doesNotMatch(text, nothing, `${id}: ${text}`);
        }
      }
    });
  }
});
