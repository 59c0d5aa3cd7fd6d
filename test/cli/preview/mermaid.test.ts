import assert from "node:assert/strict";
import { mermaidOf } from "../../../cli/preview/mermaid";
import { viewOfPlan, type ClusterView } from "../../../plan/explain/view";
import { planOf } from "./fixtures";

function viewOf(name: string): ClusterView {
  const plan = planOf(name);
  assert.ok(plan.platform !== "local");
  return viewOfPlan(plan);
}

describe("the diagram of a plan", () => {
  it("has a box for every GPU, in the VM and host that it is in, and marks those that are idle", () => {
    const text = mermaidOf(viewOf("nothing"));
    assert.equal(text.match(/^ {4}g\d+\["/gm)?.length, 4);
    assert.match(
      text,
      /subgraph n0\["srv1: VM w-gpu-1"\]\n {4}g0\["RTX 3090<br\/>R0<br\/>weights [\d.]+, KV [\d.]+ of 23\.6 GiB"\]/,
    );
    assert.match(text, / {2}m0 --> g0 & g1 & g2\n/);
    assert.match(text, /class g3 idle$/);
  });

  it("joins the ranks of a pipeline by the network", () => {
    const text = mermaidOf(viewOf("a100: a bigger context"));
    assert.match(text, / {2}m0 --> g0\n {2}g0 -\. "10 GbE" \.- g1/);
    assert.doesNotMatch(text, /classDef/);
  });

  it("stays readable on a large cluster: nodes that do the same share a box", () => {
    const view = viewOf("nothing");
    const [gpu] = view.hardware.gpus;
    assert.ok(gpu !== undefined);
    const gpus = Array.from({ length: 200 }, (_, at) => ({ ...gpu, id: `n${at}/0`, node: `n${at}` }));
    const text = mermaidOf({
      title: "x",
      warnings: [],
      hardware: { ...view.hardware, gpus },
      serving: { models: [], idle: [] },
    });
    assert.match(text, /subgraph n0\["200 nodes"\]\n {4}g0\["200 x RTX 3090<br\/>idle"\]/);
    assert.equal(text.match(/^ {4}g\d+\["/gm)?.length, 1);
  });

  it("lets no name be markup", () => {
    const view = viewOf("nothing");
    const models = view.serving.models.map((plan) => ({ ...plan, name: 'a"]; click m0 "x" <b>' }));
    const text = mermaidOf({ ...view, serving: { ...view.serving, models } });
    assert.ok(text.includes("<b>a#34;]#59; click m0 #34;x#34; #60;b#62;</b>"), text);
  });
});
