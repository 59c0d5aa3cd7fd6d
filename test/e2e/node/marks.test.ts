import assert from "node:assert/strict";
import { interfaceName, isLeftOver, newMark } from "../../../e2e/node/marks";

describe("e2e/node/marks", () => {
  it("every rack has another, and none is left over while its process lives", () => {
    const [one, other] = [newMark(), newMark()];
    assert.notEqual(one, other);
    assert.notEqual(interfaceName(one), interfaceName(other));
    assert.equal(isLeftOver(one), false);
  });

  const cases: readonly (readonly [name: string, isLeft: boolean])[] = [
    // The number of this very process, as another one had it before.
    [`tokenrack-rack-${process.pid}-1-1`, true],
    ["tokenrack-rack-4194999-5-1", true],
    ["tokenrack-rack-x", false],
    ["tokenrack-rack-4194999-5-1-mine", false],
    ["kubepods", false],
    ["", false],
  ];
  for (const [name, isLeft] of cases) {
    it(`"${name}" is ${isLeft ? "" : "not "}left over`, () => assert.equal(isLeftOver(name), isLeft));
  }

  it("the longest name fits an interface", () => {
    // The largest number of a process on 64-bit Linux.
    assert.ok(interfaceName("tokenrack-rack-4194304-99999999999-999").length <= 15);
  });
});
