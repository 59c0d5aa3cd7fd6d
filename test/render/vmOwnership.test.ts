import assert from "node:assert/strict";
import fc from "fast-check";
import { ownerTag } from "../../render/vm";
import { ownershipFault } from "../../render/vmOwnership";

describe("render/vmOwnership", () => {
  const owner = ownerTag("homelab", "master-1");
  const found = (tags: string): Parameters<typeof ownershipFault>[2] => ({ vmid: 100, node: "pve1", name: "db", tags });

  it("lets what is ours, or not there, pass", () => {
    assert.equal(ownershipFault(100, owner, "nothing"), undefined);
    assert.equal(ownershipFault(100, owner, found(`a;${owner}`)), undefined);
  });

  const fix = "Nothing was changed: give our VM another id (pools[].nodes[].vmid or firstVmid), or remove that one";
  const adopt = `, or add the tag ${owner} if it is this stack's`;
  const faults: readonly (readonly [string, Parameters<typeof ownershipFault>[2], string])[] = [
    [
      "no tag",
      found(""),
      `VM 100 on pve1, "db", is not ours: it has no tag of ours (no tags), expected ${owner}. ${fix}${adopt}`,
    ],
    [
      "a foreign tag",
      found("prod;x"),
      `VM 100 on pve1, "db", is not ours: it has no tag of ours (prod, x), expected ${owner}. ${fix}${adopt}`,
    ],
    [
      "another stack's tag",
      found("tokenrack;tokenrack.other.master-1"),
      `VM 100 on pve1, "db", is not ours: it is tagged tokenrack.other.master-1, expected ${owner}. ${fix}`,
    ],
    [
      "another VM's tag",
      found("tokenrack.homelab.master-10"),
      `VM 100 on pve1, "db", is not ours: it is tagged tokenrack.homelab.master-10, expected ${owner}. ${fix}`,
    ],
    [
      "a guest that cannot be seen",
      "hidden",
      `VM id 100 is taken by a guest that the API token may not see: needed a free id, or VM.Audit on /vms/100. ${fix}`,
    ],
  ];
  for (const [what, one, message] of faults)
    it(`stops before ${what}`, () => {
      assert.equal(ownershipFault(100, owner, one), message);
    });

  it("has one tag for one stack and name", () => {
    const stack = fc.stringMatching(/^[a-z0-9_.-]{1,10}$/);
    const name = fc.stringMatching(/^[a-z0-9-]{1,10}$/);
    fc.assert(
      fc.property(stack, name, stack, name, (a, b, c, d) =>
        assert.equal(ownerTag(a, b) === ownerTag(c, d), a === c && b === d),
      ),
    );
  });
});
