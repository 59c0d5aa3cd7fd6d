import assert from "node:assert/strict";
import { podFix, troubleOf } from "../../../../cli/doctor/judge/pods";
import { podsOf } from "./facts";
import { pod, type Json } from "../worlds";

describe("the judgement of a pod", () => {
  const cases: readonly (readonly [what: string, made: Json, why: string | undefined])[] = [
    ["runs", pod("a", "b"), undefined],
    ["is starting", pod("a", "b", { waiting: "ContainerCreating" }), undefined],
    [
      "crashes",
      pod("a", "b", { waiting: "CrashLoopBackOff", exit: 137 }),
      "container main: CrashLoopBackOff, its last run ended with 137 (Error)",
    ],
    [
      "has no image",
      pod("a", "b", { waiting: "ErrImagePull", message: "no such\nhost" }),
      "container main: ErrImagePull: no such host",
    ],
    [
      "finds no node",
      pod("a", "b", { pending: "0/3 nodes: 3 Insufficient nvidia.com/gpu" }),
      "no node takes it: 0/3 nodes: 3 Insufficient nvidia.com/gpu",
    ],
  ];
  for (const [what, one, why] of cases) {
    it(`that ${what}`, () => assert.equal(podsOf(one).map((each) => troubleOf(each)?.why)[0], why));
  }

  it("says what to do by what was said, and something where nobody knows", () => {
    assert.match(podFix("0/3 nodes: Insufficient cpu", "x"), /labels, taint/);
    assert.match(podFix('persistentvolumeclaim "models" not found', "x"), /pvc/);
    assert.match(podFix("its last run ended with 137 (OOMKilled)", "x"), /memory/);
    assert.equal(podFix("ended with 1", "x"), "x");
  });
});
