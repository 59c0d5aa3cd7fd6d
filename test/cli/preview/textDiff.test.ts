import assert from "node:assert/strict";
import * as fc from "fast-check";
import { lineChanges, settingsOf } from "../../../cli/preview/textDiff";

const lines = fc
  .array(fc.constantFrom("a", "b", "c", ""), { minLength: 1, maxLength: 12 })
  .map((all) => all.join("\n"));

describe("the lines that differ", () => {
  it("are none of equal texts, and lead from one text to the other in length", () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const changes = lineChanges(before, after);
        const of = (sign: string): number => changes.filter((change) => change.sign === sign).length;
        assert.equal(before.split("\n").length - of("-") + of("+"), after.split("\n").length);
        assert.equal(changes.length === 0, before === after);
      }),
    );
  });

  it("are the least there can be", () => {
    assert.deepEqual(lineChanges("a\nb\nc", "a\nx\nc"), [
      { sign: "-", line: "b" },
      { sign: "+", line: "x" },
    ]);
  });

  it("are found in texts that are too long for that", () => {
    const long = Array.from({ length: 3000 }, (_, n) => String(n));
    const changes = lineChanges(long.join("\n"), [...long.slice(1), "new"].join("\n"));
    assert.deepEqual(changes, [
      { sign: "-", line: "0" },
      { sign: "+", line: "new" },
    ]);
  });
});

describe("the settings of a script", () => {
  it("end where the script begins", () => {
    assert.deepEqual(settingsOf("set -eu\nhost='srv1'\ngpus='a=b c=-'\nlater() {\nx='y'"), {
      host: "srv1",
      gpus: "a=b c=-",
    });
  });
});
