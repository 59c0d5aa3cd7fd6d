import assert from "node:assert/strict";
import { cardWords, hardwareWords, joinWords } from "../../../plan/explain/hardwareWords";
import { nodeOf, nodesOf } from "../support/servingPlans";

describe("hardware in words", () => {
  const network = { gbitPerSecond: 25, rdma: false };

  it("says how the GPUs of a node reach each other", () => {
    assert.equal(joinWords(nodeOf("a", "3090", 1)), "");
    assert.equal(joinWords(nodeOf("a", "3090", 2)), "PCIe 4.0 x16");
    assert.equal(joinWords(nodeOf("a", "a100", 8, { nvlinkGroup: "a" })), "NVLink");
    const [first, second, third] = nodeOf("a", "3090", 3);
    assert.ok(first && second && third);
    const pair = [first, second].map((gpu) => ({ ...gpu, nvlinkGroup: "p" }));
    assert.equal(joinWords([...pair, third]), "PCIe 4.0 x16, some by NVLink");
    const slow = { ...third, slot: { generation: 3, width: 4 } as const };
    assert.equal(joinWords([first, slow]), "PCIe 4.0 x16 and PCIe 3.0 x4");
    assert.equal(cardWords([first, ...nodeOf("a", "3060", 1)]), "1 x RTX 3090 + 1 x RTX 3060 12GB (PCIe 4.0 x16)");
  });

  it("tells nodes that are alike together", () => {
    const gpus = [...nodesOf("a", 2, "3090", 1), ...nodesOf("b", 1, "3060", 2), ...nodesOf("c", 1, "3090", 1)];
    assert.equal(
      hardwareWords({ gpus, network }),
      "3 nodes with 1 x RTX 3090 each, 1 node with 2 x RTX 3060 12GB (PCIe 4.0 x16), 25 GbE",
    );
  });

  it("has no network where there is one machine", () => {
    assert.equal(hardwareWords({ gpus: nodeOf("a", "3090", 1), network }), "1 machine with 1 x RTX 3090");
  });
});
