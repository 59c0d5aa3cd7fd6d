import assert from "node:assert/strict";
import { UNKNOWN } from "../../../../engine/standins/values";
import { isAutonamed, withName } from "../../../../engine/standins/kubernetes/naming";
import { nameOf } from "../../../../engine/standins/kubernetes/object";

describe("kubernetes stand-in: names", () => {
  it("are made of the resource's name, the same for the same seed", () => {
    const first = withName({}, {}, "config", "seed");
    assert.match(nameOf(first), /^config-[0-9a-f]{8}$/);
    assert.ok(isAutonamed(first));
    assert.equal(nameOf(withName({}, {}, "config", "seed")), nameOf(first));
    assert.notEqual(nameOf(withName({}, {}, "config", "other")), nameOf(first));
    assert.notEqual(nameOf(withName({}, {}, "config", "")), nameOf(withName({}, {}, "config", "")));
  });

  it("stay as they were made", () => {
    const old = withName({}, {}, "config", "seed");
    assert.equal(nameOf(withName({ data: {} }, old, "config", "another")), nameOf(old));
  });

  it("that are given or not known yet are left alone", () => {
    for (const name of ["mine", UNKNOWN]) {
      const object = { metadata: { name } };
      assert.equal(withName(object, {}, "config", "seed"), object);
    }
    assert.deepEqual(withName({ metadata: UNKNOWN }, {}, "config", "seed"), { metadata: UNKNOWN });
  });

  it("are not left to the server", () => {
    assert.throws(
      () => withName({ metadata: { generateName: "a-" } }, {}, "config", ""),
      /generateName.*not supported/,
    );
  });
});
