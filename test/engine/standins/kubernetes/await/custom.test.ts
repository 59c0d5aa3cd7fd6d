import assert from "node:assert/strict";
import type { Properties } from "../../../../../engine/standins/values";
import { customWaiter } from "../../../../../engine/standins/kubernetes/await/custom";

const asking = (waitFor: string): Properties => ({ metadata: { annotations: { "pulumi.com/waitFor": waitFor } } });
const live = {
  metadata: { generation: 2 },
  status: {
    phase: "Running",
    observedGeneration: 2,
    empty: "",
    conditions: [
      { type: "Ready", status: "True" },
      { type: "Degraded", status: "False" },
      { type: "Old", status: "True", observedGeneration: 1 },
    ],
    nodes: [
      { name: "a", gpus: 1 },
      { name: "b", gpus: 2 },
    ],
  },
};

describe("kubernetes stand-in: pulumi.com/waitFor", () => {
  const cases: readonly (readonly [waitFor: string, ready: boolean])[] = [
    ["condition=Ready", true],
    ["condition=Ready=False", false],
    ["condition=Degraded=false", true],
    ["condition=Missing", false],
    ["condition=Old", false],
    ["jsonpath={.status.phase}=Running", true],
    ["jsonpath={.status.phase}=Failed", false],
    ["jsonpath={ $.status.phase }", true],
    ["jsonpath={.status.missing}", false],
    ["jsonpath={.status.nodes[1].gpus}=2", true],
    ["jsonpath={.status.nodes[?(@.name=='b')].gpus}=2", true],
    ['jsonpath={.status.conditions[?(@.type=="Ready")].status}=True', true],
    ["jsonpath={.status.nodes[*].name}=a", true],
    ["jsonpath={.status['phase']}=Running", true],
    ['["condition=Ready", "jsonpath={.status.phase}=Running"]', true],
    ['["condition=Ready", "jsonpath={.status.phase}=Failed"]', false],
  ];
  for (const [waitFor, ready] of cases) {
    it(`${waitFor} ${ready ? "holds" : "does not hold"}`, () => {
      assert.equal(customWaiter(asking(waitFor))?.(live).ready, ready);
    });
  }

  it("is not asked for without the annotation", () => assert.equal(customWaiter({ metadata: {} }), undefined));

  it("does not believe a status of before the change", () => {
    const stale = { ...live, metadata: { generation: 3 } };
    for (const waitFor of ["condition=Ready", "jsonpath={.status.phase}=Running"]) {
      assert.equal(customWaiter(asking(waitFor))?.(stale).ready, false);
    }
  });

  const wrong: readonly (readonly [waitFor: string, message: RegExp])[] = [
    ["Ready", /expected a "jsonpath=" or "condition=" prefix, got "Ready"/],
    ["[]", /at least one condition must be specified/],
    ["jsonpath=.status.phase", /should be wrapped in brackets/],
    ["jsonpath={.status.phase}=", /requires a value/],
    ["jsonpath='{.status.phase}'", /should omit shell quotes/],
    ["jsonpath={.status..phase}", /this stand-in implements names, indexes/],
  ];
  for (const [waitFor, message] of wrong) {
    it(`${waitFor} is no condition`, () => assert.throws(() => customWaiter(asking(waitFor)), message));
  }
});
