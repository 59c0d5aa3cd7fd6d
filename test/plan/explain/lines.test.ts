import assert from "node:assert/strict";
import fc from "fast-check";
import { labelled, shorten, wrap } from "../../../plan/explain/lines";

describe("lines of text", () => {
  it("are broken between words, and no word is lost", () => {
    assert.deepEqual(wrap("one two  three", 7), ["one two", "three"]);
    assert.deepEqual(wrap("extraordinary", 5), ["extraordinary"]);
    fc.assert(
      fc.property(fc.lorem({ maxCount: 30 }), fc.integer({ min: 20, max: 90 }), (text, width) => {
        const lines = wrap(text, width);
        assert.equal(lines.join(" "), text);
        assert.ok(lines.every(({ length }) => length <= width));
      }),
    );
  });

  it("stand under each other after a label", () => {
    assert.deepEqual(labelled("idle", "one two three", { width: 18, indent: 8 }), ["  idle  one two", "        three"]);
  });

  it("are shortened in the middle", () => {
    assert.equal(shorten("node-1/0", 8), "node-1/0");
    assert.equal(shorten("a-very-long-name/0", 9), "a-ve…me/0");
  });
});
