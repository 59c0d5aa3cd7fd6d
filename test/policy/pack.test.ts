import assert from "node:assert/strict";
import { plain, policies, rules } from "../../policy/pack";
import { unknownText } from "../../policy/resource";

describe("the policy pack", () => {
  it("has every rule once, by a name that Pulumi takes", () => {
    const names = policies.map(({ name }) => name);
    assert.deepEqual(
      names,
      rules.map(({ name }) => name),
    );
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.match(name, /^[a-z][a-z-]{1,99}$/);
  });

  it("reads around what is not known yet", () => {
    const throws = {
      known: 1,
      get later(): string {
        throw new Error("not known during preview");
      },
    };
    assert.deepEqual(plain({ list: [throws, "a"], none: null }), {
      list: [{ known: 1, later: unknownText }, "a"],
      none: null,
    });
  });
});
