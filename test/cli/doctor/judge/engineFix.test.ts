import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { engineFix } from "../../../../cli/doctor/judge/engineFix";

const script = readFileSync(resolve(__dirname, "../../../../scripts/serving-wait.sh"), "utf8");
const table = /^fix_of\(\) \{([\s\S]*?)^\}/m.exec(script)?.[1] ?? "";
/** Each pattern of the shell's `case`, and its text. */
const rows = [...table.matchAll(/^ {2}(\S.*)\) echo (["'])(.*)\2 ;;$/gm)].flatMap(([, patterns = "", , text = ""]) =>
  patterns.split(" | ").map(
    (pattern) =>
      [
        pattern
          .replace(/[*"']|\\/g, "")
          .replace("[Ii]", "I")
          .replace("didnt", "didn't"),
        text,
      ] as const,
  ),
);

/** What a wait says while a stack comes up, a doctor says later. */
describe("what to do about an engine", () => {
  it("is read out of the script", () => assert.ok(rows.length > 15, String(rows.length)));

  for (const [said, text] of rows.filter(([said]) => said !== "")) {
    it(`is what scripts/serving-wait.sh says: ${said}`, () => assert.equal(engineFix(`x ${said} y`), text));
  }

  it("is nothing where nobody knows", () => assert.equal(engineFix("some other error"), undefined));
});
