import assert from "node:assert/strict";
import fc from "fast-check";
import type { Properties } from "../../../../engine/standins/values";
import { isMap } from "../../../../engine/standins/kubernetes/object";
import { diffOfPatch, mergePatch, threeWayPatch } from "../../../../engine/standins/kubernetes/patch";

/** RFC 7386, written down once more. */
function apply(target: Properties, patch: Properties): Properties {
  const result = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    const there = result[key];
    if (value === null) delete result[key];
    else result[key] = isMap(value) ? apply(isMap(there) ? there : {}, value) : value;
  }
  return result;
}

const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.array(fc.integer(), { maxLength: 2 }));
const key = fc.constantFrom("a", "b", "c", "d.e");
const tree = fc.letrec<{ node: Properties }>((tie) => ({
  node: fc.dictionary(key, fc.oneof({ maxDepth: 3 }, leaf, tie("node")), { noNullPrototype: true }),
})).node;

const paths = (before: Properties, after: Properties, forceNew: readonly string[] = []): string[] => {
  const { changes, replaces } = diffOfPatch(mergePatch(before, after), before, after, before, forceNew);
  return [...changes].map(([path, kind]) => `${kind} ${path}${replaces.has(path) ? "*" : ""}`).sort();
};

describe("kubernetes stand-in: patches", () => {
  it("turn one object into the other", () => {
    fc.assert(fc.property(tree, tree, (a, b) => assert.deepEqual(apply(a, mergePatch(a, b)), b)));
    fc.assert(fc.property(tree, (a) => assert.deepEqual(mergePatch(a, a), {})));
  });

  it("are empty exactly where no path changed", () => {
    fc.assert(fc.property(tree, (a) => assert.deepEqual(paths(a, a), [])));
    fc.assert(
      fc.property(tree, tree, (a, b) => assert.equal(paths(a, b).length > 0, Object.keys(mergePatch(a, b)).length > 0)),
    );
  });

  it("name what changes, down to the element of a list", () => {
    const before = { spec: { containers: [{ image: "a", name: "c" }], old: 1, replicas: 1 } };
    const after = { spec: { containers: [{ image: "b", name: "c" }, { name: "d" }], replicas: 1, new: 2 } };
    assert.deepEqual(paths(before, after), [
      "add spec.containers[1]",
      "add spec.new",
      "delete spec.old",
      "update spec.containers[0].image",
    ]);
    assert.deepEqual(paths({ l: [{ a: 1, b: 2 }] }, { l: [{ a: 1 }] }), ["delete l[0].b"]);
    assert.deepEqual(paths({ data: {} }, { data: { "a.b": 1 } }), ['add data["a.b"]']);
  });

  it("replace what is at, under or over a path that cannot change", () => {
    const selector = [".spec.selector"];
    assert.deepEqual(paths({ spec: { selector: { app: "a" } } }, { spec: { selector: { app: "b" } } }, selector), [
      "update spec.selector.app*",
    ]);
    assert.deepEqual(paths({}, { spec: { selector: {} } }, selector), ["add spec*"]);
    assert.deepEqual(paths({}, { spec: { replicas: 1 } }, selector), ["add spec"]);
    const image = [".spec.containers[*].image"];
    assert.deepEqual(
      paths({ spec: { containers: [{ image: "a" }] } }, { spec: { containers: [{ image: "b" }] } }, image),
      ["update spec.containers[0].image*"],
    );
  });

  it("drop only what was asked for before", () => {
    const patch = threeWayPatch(
      { a: 1, m: { x: 1 } },
      { b: 2, m: {} },
      { a: 1, b: 3, m: { x: 1, y: 2 }, server: true },
    );
    assert.deepEqual(patch, { a: null, b: 2, m: { x: null } });
  });
});
