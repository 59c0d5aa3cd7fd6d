import assert from "node:assert/strict";
import type { EngineEvent } from "../../../engine/events";
import { needsOf } from "../../../e2e/homelab/state";
import { criticalPath, stageRows, StepRecorder, timelineText, type Step } from "../../../e2e/homelab/timeline";
import { timelineSvg } from "../../../e2e/homelab/timelinePicture";

const urn = (component: string, name: string): string =>
  `urn:pulumi:s::tokenrack::tokenrack:index:${component}$command:local:Command::${name}`;
const [host, vm, bootstrap, other] = [
  urn("VfioHost", "vfio-pve1-apply"),
  urn("VmFleet", "vm"),
  urn("DeckhouseCluster", "cluster-bootstrap"),
  urn("VmFleet", "pool"),
];
const step = (of: string, from: number, to: number): Step => ({ urn: of, name: of.split("::").at(-1) ?? "", from, to });
/** Holds the cluster's address: what is inside waits for it by way of this. */
const provider = "urn:pulumi:s::tokenrack::pulumi:providers:kubernetes::kubernetes";
const steps = [step(host, 0, 10), step(other, 0, 1), step(vm, 10, 12), step(bootstrap, 12.5, 30)];
const needs = new Map([
  [vm, [host, other]],
  [bootstrap, [provider]],
  [provider, [vm]],
]);

describe("the timeline of a bring-up", () => {
  it("has a row for each stage in bring-up order, with the stages it waited for", () => {
    assert.deepEqual(
      stageRows(steps.toReversed(), needs).map(({ id, resources, from, to, waitsFor }) => [
        id,
        resources,
        from,
        to,
        waitsFor,
      ]),
      [
        ["hosts", 1, 0, 10, []],
        ["vms", 2, 0, 12, ["hosts"]],
        ["cluster", 1, 12.5, 30, ["VMs"]],
      ],
    );
  });

  it("finds the chain that made it as long as it was, over no step that ended earlier than another", () => {
    assert.deepEqual(
      criticalPath(steps, needs).map(({ name }) => name),
      ["vfio-pve1-apply", "vm", "cluster-bootstrap"],
    );
    assert.deepEqual(criticalPath([], needs), []);
  });

  it("tells both in a text, and what took no time is left out", () => {
    const text = timelineText(stageRows(steps, needs), [...criticalPath(steps, needs), step(other, 30, 30.1)]);
    assert.deepEqual(text, [
      "stage    from    to  seconds  waits for",
      "hosts     0.0  10.0     10.0  -",
      "VMs       0.0  12.0     12.0  hosts",
      "cluster  12.5  30.0     17.5  VMs",
      "",
      "critical path (what took half a second or more):",
      "      0.0  +  10.0  vfio-pve1-apply",
      "     10.0  +   2.0  vm",
      "     12.5  +  17.5  cluster-bootstrap",
    ]);
  });

  it("draws a bar for each stage to scale, and the same bytes each time", () => {
    const rows = stageRows(steps, needs);
    const svg = timelineSvg("a <run>", rows, criticalPath(steps, needs));
    assert.equal(svg, timelineSvg("a <run>", rows, criticalPath(steps, needs)));
    assert.match(svg, /a &#60;run&#62;/);
    // Ten of thirty seconds.
    const bars = [...svg.matchAll(/<rect x="130" y="46" width="([\d.]+)"/g)].map(([, width]) => Number(width));
    assert.deepEqual(bars, [156.67]);
    assert.equal([...svg.matchAll(/after hosts|after VMs/g)].length, 2);
  });

  it("takes steps from the engine's events: what was made, and nothing that only holds others", () => {
    let now = 0;
    const recorder = new StepRecorder(() => now);
    const event = (kind: "resourcePre" | "resOutputs", of: string, op = "create"): EngineEvent => ({
      kind,
      op,
      urn: of,
      type: "",
      name: of.split("::").at(-1) ?? "",
    });
    const component = "urn:pulumi:s::tokenrack::tokenrack:index:VmFleet::vms";
    for (const [at, one] of [
      [1, event("resourcePre", host)],
      [2, event("resourcePre", component)],
      [3, event("resourcePre", vm, "same")],
      [4, event("resOutputs", vm, "same")],
      [5, event("resOutputs", host)],
      [6, event("resOutputs", component)],
    ] as const) {
      now = at;
      recorder.onEvent(one);
    }
    assert.deepEqual(recorder.steps, [step(host, 1, 5)]);
  });

  it("takes needs from the engine's state", () => {
    const resources = [
      { urn: host, provider: `${provider}::0123-id` },
      { urn: vm, dependencies: [host], propertyDependencies: { a: [other], b: null } },
    ];
    const state = { version: 3, deployment: { resources } };
    assert.deepEqual(
      [...needsOf(state)],
      [
        [host, [provider]],
        [vm, [host, other]],
      ],
    );
    assert.deepEqual(needsOf({ version: 3, deployment: {} }), new Map());
  });
});
