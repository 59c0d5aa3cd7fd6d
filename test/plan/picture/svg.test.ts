import assert from "node:assert/strict";
import { cutText, element, escapeXml, textWidth, wrapText } from "../../../plan/picture/svg";

describe("text in a picture", () => {
  /** As a browser measures them at 100 px in DejaVu Sans, regular and 600. */
  const measured: readonly (readonly [char: string, regular: number, bold: number])[] = [
    ["W", 98.9, 110.3],
    ["m", 97.4, 104.2],
    ["@", 100, 100],
    ["O", 78.7, 85],
    ["a", 61.3, 67.5],
    ["#", 83.8, 83.8],
    ["!", 40.1, 45.6],
    ["r", 41.1, 49.3],
    ["i", 27.8, 34.3],
    [" ", 31.8, 34.8],
    ["ж", 90, 100],
  ];
  for (const [char, regular, bold] of measured)
    it(`is never wider than "${char}" is taken to be`, () => {
      assert.ok(textWidth(char, 100) >= regular);
      assert.ok(textWidth(char, 100, true) >= bold);
    });

  it("is cut with an ellipsis where it has no room", () => {
    assert.equal(cutText("short", 100, 10), "short");
    const cut = cutText("Qwen/Qwen3-235B-A22B-Instruct-2507", 100, 10);
    assert.match(cut, /^Qwen\/Qwen3.*…$/);
    assert.ok(textWidth(cut, 10) <= 100);
  });

  it("is wrapped between words, and a word that is too wide is cut", () => {
    const lines = wrapText(`a few words ${"x".repeat(50)} and more`, 100, 10);
    assert.ok(lines.length >= 3 && lines.every((line) => textWidth(line, 10) <= 100));
    assert.deepEqual(wrapText("  ", 100, 10), []);
  });

  it("is escaped", () => {
    assert.equal(escapeXml(`<a href="x">&'\u0007`), "&#60;a href=&#34;x&#34;&#62;&#38;&#39; ");
    assert.equal(element("text", { x: 1.23456, title: `"` }, "in"), '<text x="1.23" title="&#34;">in</text>');
    assert.equal(element("rect", {}), "<rect/>");
  });
});
