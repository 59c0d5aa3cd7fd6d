import assert from "node:assert/strict";
import type { Judgement } from "../../../../cli/doctor/findings";
import { judgeNodes, type NodeFacts } from "../../../../cli/doctor/judge/nodes";
import { nodesOf, short } from "./facts";
import { node } from "../worlds";

describe("the judgement of nodes", () => {
  const pool = { name: "gpu", count: 1, labels: { gpu: "yes" }, gpus: 1 };
  const judge = (facts: Partial<NodeFacts>): Judgement =>
    judgeNodes({
      version: "v1.34.2",
      minorFloor: 32,
      pools: [pool],
      nodes: nodesOf(node("n1", { gpu: "yes" }, 1)),
      ...facts,
    });

  it("counts a pool's nodes by its labels, and tells a kubelet that is not well", () => {
    assert.deepEqual(short(judge({})), []);
    assert.deepEqual(short(judge({ nodes: nodesOf(node("n1", {}, 1)) })), ["nodes of pool gpu, by gpu=yes: none"]);
    const [full] = nodesOf(node("n1", { gpu: "yes" }, 1));
    assert.ok(full !== undefined);
    const conditions = full.status.conditions.map((one) =>
      one.type === "DiskPressure" ? { ...one, status: "True", message: "disk is full" } : one,
    );
    const pressed = { ...full, status: { ...full.status, conditions } };
    assert.deepEqual(short(judge({ nodes: [pressed] })), ["node n1 of pool gpu: DiskPressure: disk is full"]);
  });

  it("tells credentials from a wrong certificate and from silence", () => {
    const fixOf = (silent: string): string => judge({ silent }).findings[0]?.fix ?? "";
    assert.match(fixOf("x509: certificate signed by unknown authority"), /another cluster's CA/);
    assert.match(fixOf("error: You must be logged in to the server (Unauthorized)"), /run out/);
    assert.match(fixOf("no answer within 30 s"), /the way to the address/);
  });
});
