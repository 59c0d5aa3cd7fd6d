import assert from "node:assert/strict";
import type { KubeObject } from "../../../engine/standins/kubernetes/object";
import { groupStatus, nodeSteps, rackNode, type Seen } from "../../../e2e/homelab/nodes";

const group = (name: string, count: number): KubeObject => ({
  apiVersion: "deckhouse.io/v1",
  kind: "NodeGroup",
  metadata: { name },
  spec: {
    nodeType: "Static",
    nodeTemplate: { labels: { rack: "1" }, taints: [{ key: "dedicated", value: name, effect: "NoExecute" }] },
    staticInstances: { count, labelSelector: { matchLabels: { pool: name } } },
  },
});

const instance = (name: string, phase = "", labels: KubeObject = { pool: "gpu" }): KubeObject => ({
  apiVersion: "deckhouse.io/v1alpha2",
  kind: "StaticInstance",
  metadata: { name, labels },
  spec: { address: `10.0.0.${name.at(-1) ?? ""}` },
  ...(phase === "" ? {} : { status: { currentStatus: { phase } } }),
});

const node = (name: string, ready = true): KubeObject => ({
  metadata: { name, labels: { "node.deckhouse.io/group": "gpu" } },
  status: { conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
});

const seen = (change: Partial<Seen>): Seen => ({
  groups: [group("gpu", 2)],
  instances: [],
  nodes: [],
  isUp: () => true,
  ...change,
});

describe("node-manager on the real API", () => {
  it("takes machines that are up, as many as the group wants, a look a step", () => {
    const instances = [instance("gpu-1"), instance("gpu-2"), instance("gpu-3")];
    const first = nodeSteps(seen({ instances }));
    assert.deepEqual(first.phases, [
      { name: "gpu-1", phase: "Bootstrapping" },
      { name: "gpu-2", phase: "Bootstrapping" },
    ]);
    assert.deepEqual([first.add, first.remove], [[], []]);
    const second = nodeSteps(seen({ instances: [instance("gpu-1", "Bootstrapping"), instance("gpu-2", "Running")] }));
    assert.deepEqual(second.add, [{ name: "gpu-1", group: "gpu" }]);
    assert.deepEqual(second.phases, [{ name: "gpu-1", phase: "Running" }]);
  });

  it("takes no machine whose VM does not run", () => {
    const { phases } = nodeSteps(
      seen({ instances: [instance("gpu-1"), instance("gpu-2")], isUp: (address) => address === "10.0.0.2" }),
    );
    assert.deepEqual(phases, [{ name: "gpu-2", phase: "Bootstrapping" }]);
  });

  it("cleans a machine that may not stay, and its node goes", () => {
    const labels = { pool: "gpu", "node.deckhouse.io/allow-bootstrap": "false" };
    const leaving = (phase: string) =>
      nodeSteps(
        seen({ groups: [group("gpu", 1)], instances: [instance("gpu-1", phase, labels)], nodes: [node("gpu-1")] }),
      );
    assert.deepEqual(leaving("Running").phases, [{ name: "gpu-1", phase: "Cleaning" }]);
    assert.deepEqual(leaving("Cleaning"), {
      phases: [{ name: "gpu-1", phase: "Pending" }],
      add: [],
      remove: ["gpu-1"],
    });
  });

  it("leaves nodes of others alone", () => {
    const others: KubeObject = { metadata: { name: "master-1", labels: {} } };
    assert.deepEqual(nodeSteps(seen({ nodes: [others] })).remove, []);
  });

  it("registers a node with its group's template, and its cards", () => {
    assert.deepEqual(rackNode("gpu-1", group("gpu", 1), { gpus: 2 }), {
      name: "gpu-1",
      labels: {
        "node.deckhouse.io/group": "gpu",
        "node.deckhouse.io/type": "Static",
        rack: "1",
        "feature.node.kubernetes.io/pci-10de.present": "true",
        "tokenrack.simulated/gpus": "2",
      },
      taints: [{ key: "dedicated", value: "gpu", effect: "NoExecute" }],
    });
    const master: KubeObject = { metadata: { name: "master" }, spec: { nodeType: "Static" } };
    assert.deepEqual(rackNode("m", master, { gpus: 0 }).taints, [
      { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" },
    ]);
  });

  it("counts a group's nodes, and says nothing where that is known", () => {
    const nodes = [node("gpu-1"), node("gpu-2", false)];
    assert.deepEqual(groupStatus(group("gpu", 2), nodes), { nodes: 2, ready: 1 });
    assert.equal(groupStatus({ ...group("gpu", 2), status: { nodes: 2, ready: 1 } }, nodes), undefined);
  });
});
