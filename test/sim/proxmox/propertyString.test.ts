import assert from "node:assert/strict";
import fc from "fast-check";
import { parseParts, printParts } from "../../../sim/proxmox/propertyString";
import { parseSize, printSize } from "../../../sim/proxmox/volumes";

describe("sim/proxmox/propertyString", () => {
  it("reads a part without a name by its default, and ignores empty parts", () => {
    assert.deepEqual(
      [...parseParts("ceph:1,format=raw,", "file")],
      [
        ["file", "ceph:1"],
        ["format", "raw"],
      ],
    );
    assert.deepEqual([...parseParts("a=b=c")], [["a", "b=c"]]);
  });

  it("gives back what it printed", () => {
    const word = fc.stringMatching(/^[a-z0-9:.-]{1,8}$/);
    fc.assert(
      fc.property(fc.dictionary(word, word), (parts) => {
        const map = new Map(Object.entries(parts));
        assert.deepEqual(Object.fromEntries(parseParts(printParts(map))), Object.fromEntries(map));
      }),
    );
  });

  it("prints sizes that it reads back", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 45 }), (bytes) => assert.equal(parseSize(printSize(bytes)), bytes)),
    );
    assert.deepEqual([parseSize("1.5G"), parseSize("x"), printSize(2 ** 40)], [1.5 * 2 ** 30, undefined, "1T"]);
  });
});
