import assert from "node:assert/strict";
import type { Properties, PropertyValue } from "../../../../../engine/standins/values";
import {
  daemonSetLook,
  deploymentLook,
  statefulSetLook,
} from "../../../../../engine/standins/kubernetes/await/workloads";

const condition = (type: string, status: string, reason = "", message = ""): Properties => ({
  type,
  status,
  reason,
  message,
});

function deployment(revision: string, conditions: Properties[], more: Properties = {}): Properties {
  return {
    metadata: { name: "d", uid: "D", generation: 2, annotations: { "deployment.kubernetes.io/revision": revision } },
    spec: { template: { spec: { volumes: [{ persistentVolumeClaim: { claimName: "models" } }] } } },
    status: { observedGeneration: 2, conditions, ...more },
  };
}
function replicaSet(revision: string, ready: number, wanted = 2, owner = "D"): Properties {
  const annotations = { "deployment.kubernetes.io/revision": revision };
  const metadata = { name: `rs${revision}`, uid: `R${revision}`, ownerReferences: [{ uid: owner }], annotations };
  return { metadata, spec: { replicas: wanted }, status: { readyReplicas: ready } };
}
const pod = (owner: string, reason: string): Properties => ({
  metadata: { name: "p", namespace: "n", ownerReferences: [{ uid: owner }] },
  status: {
    conditions: [condition("PodScheduled", "True"), condition("Initialized", "True"), condition("Ready", "False")],
    containerStatuses: [{ name: "main", state: { waiting: { reason, message: "no such image" } } }],
  },
});
const claim = (phase: string): Properties => ({ metadata: { name: "models" }, status: { phase } });

const AVAILABLE = condition("Available", "True");
const ROLLED_OUT = condition("Progressing", "True", "NewReplicaSetAvailable");
const look = (
  object: Properties,
  replicaSets: Properties[],
  more: { pods?: Properties[]; claims?: Properties[] } = {},
): ReturnType<typeof deploymentLook> => deploymentLook(object, { replicaSets, pods: [], claims: [], ...more });

describe("kubernetes stand-in: waits for workloads", () => {
  it("a first Deployment is ready when it is available and its pods are ready", () => {
    const first = deployment("1", [AVAILABLE]);
    assert.equal(look(first, [replicaSet("1", 2)]).ready, true);
    assert.equal(look(first, [replicaSet("1", 1)]).ready, false);
    assert.deepEqual(look(first, [replicaSet("1", 1)]).progress, [
      "Waiting for app ReplicaSet to be available (1/2 Pods available)",
    ]);
    assert.equal(look(first, [replicaSet("1", 2, 2, "another")]).ready, false);
  });

  it("a later one also has to be rolled out", () => {
    const sets = [replicaSet("1", 2), replicaSet("2", 2)];
    assert.equal(look(deployment("2", [AVAILABLE, ROLLED_OUT]), sets).ready, true);
    assert.equal(look(deployment("2", [AVAILABLE]), sets).ready, false);
  });

  it("is not ready by a status of before the change, nor without its volumes", () => {
    const behind = deployment("1", [AVAILABLE], { observedGeneration: 1 });
    assert.equal(look(behind, [replicaSet("1", 2)]).ready, false);
    const unbound = look(deployment("1", [AVAILABLE]), [replicaSet("1", 2)], { claims: [claim("Pending")] });
    assert.deepEqual([unbound.ready, unbound.errors], [false, ['Failed to bind PersistentVolumeClaim(s): "models"']]);
    assert.equal(look(deployment("1", [AVAILABLE]), [replicaSet("1", 2)], { claims: [claim("Bound")] }).ready, true);
  });

  it("says why: the controller's reason, then its own, then the pods'", () => {
    const failing = deployment("1", [condition("Available", "False", "MinimumReplicasUnavailable", "too few")]);
    const pods = [pod("R1", "ImagePullBackOff"), pod("another", "Elsewhere")];
    assert.deepEqual(look(failing, [replicaSet("1", 0)], { pods }).errors, [
      "[MinimumReplicasUnavailable] too few",
      "Minimum number of live Pods was not attained",
      "[Pod n/p]: [ImagePullBackOff] no such image",
    ]);
  });

  const set = (generation: number, status: Properties, spec: Properties = {}): Properties => ({
    metadata: { name: "s", generation },
    spec: { replicas: 2, ...spec },
    status: { observedGeneration: generation, ...status },
  });
  const full = { replicas: 2, readyReplicas: 2, currentReplicas: 2, currentRevision: "a", updateRevision: "a" };
  const sets: readonly (readonly [what: string, object: Properties, ready: boolean, error: string])[] = [
    ["a whole one", set(1, full), true, ""],
    ["a status of before", { ...set(2, full), metadata: { generation: 3 } }, false, "0 out of 2"],
    ["a missing pod", set(1, { ...full, readyReplicas: 1 }), false, "1 out of 2 replicas succeeded readiness checks"],
    ["a rollout", set(2, { ...full, updateRevision: "b" }), false, 'from revision "a" to revision "b"'],
    [
      "an update that waits for deletions",
      set(2, { ...full, updateRevision: "b", currentReplicas: 0 }, { updateStrategy: { type: "OnDelete" } }),
      true,
      "",
    ],
  ];
  for (const [what, object, ready, error] of sets) {
    it(`StatefulSet, ${what}: ${ready ? "ready" : "not ready"}`, () => {
      const found = statefulSetLook(object);
      assert.equal(found.ready, ready);
      assert.ok(found.errors.join("\n").includes(error), found.errors.join("\n"));
    });
  }

  it("a DaemonSet is ready when every node has its new pod, and says what is missing", () => {
    const status: Record<string, PropertyValue> = { observedGeneration: 1, desiredNumberScheduled: 2 };
    const daemon = (more: Properties): Properties => ({ metadata: { generation: 1 }, status: { ...status, ...more } });
    const done = { currentNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2, numberReady: 2 };
    assert.equal(daemonSetLook(daemon(done)).ready, true);
    assert.deepEqual(daemonSetLook(daemon({ ...done, updatedNumberScheduled: 1 })).progress, ["Updated: 1/2"]);
    assert.equal(daemonSetLook({ ...daemon(done), metadata: { generation: 2 } }).ready, false);
    assert.equal(daemonSetLook({ metadata: { generation: 1 }, status: { observedGeneration: 1 } }).ready, false);
  });
});
