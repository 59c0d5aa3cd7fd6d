import assert from "node:assert/strict";
import { paintFor, widthFor } from "../../../cli/plan/terminal";
import { noPaint } from "../../../plan/explain/paint";

describe("the terminal", () => {
  it("gets no colours where it is none", () => {
    assert.equal(paintFor({}), noPaint);
    assert.equal(paintFor({ isTTY: false }), noPaint);
  });

  it("gets colours where it is one, unless it should not", () => {
    assert.equal(paintFor({ isTTY: true }, true).segment.kv("x"), "\u001b[32mx\u001b[39m");
    assert.equal(paintFor({ isTTY: true }, false), noPaint);
  });

  it("is taken as 80 to 100 columns wide", () => {
    assert.deepEqual([{}, { columns: 40 }, { columns: 90 }, { columns: 300 }].map(widthFor), [80, 80, 90, 100]);
  });
});
