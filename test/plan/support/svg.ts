/** Reads the SVG that we write: enough XML to know that it is well-formed. */
import assert from "node:assert/strict";

/** One element with its own text. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
}

const decoded = (text: string): string =>
  text.replace(/&#(\d+);/g, (_whole, code: string) => String.fromCharCode(Number(code)));

/** All elements in the order in which they begin. @throws AssertionError when the text is not well-formed */
export function elementsOf(svg: string): readonly Element[] {
  const all: { name: string; attributes: Record<string, string>; text: string }[] = [];
  const open: typeof all = [];
  for (const [, close, name = "", list = "", empty, text] of svg
    .trimEnd()
    .matchAll(/<(\/?)([a-zA-Z]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+|<)/g)) {
    if (text !== undefined) {
      const last = open.at(-1);
      assert.ok(last !== undefined && text !== "<", `text outside of the picture: ${text}`);
      assert.doesNotMatch(text, /&(?!#\d+;)/);
      last.text += decoded(text);
    } else if (close === "/") {
      assert.equal(open.pop()?.name, name);
    } else {
      const pairs = [...list.matchAll(/([\w:-]+)="([^"]*)"/g)].map(
        ([, key = "", value = ""]) => [key, decoded(value)] as const,
      );
      assert.equal(new Set(pairs.map(([key]) => key)).size, pairs.length, `an attribute twice: ${list}`);
      const element = { name, attributes: Object.fromEntries(pairs), text: "" };
      all.push(element);
      if (empty === "") open.push(element);
    }
  }
  assert.equal(open.length, 0);
  return all;
}
