import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { shellQuote } from "../../system/shell";

describe("shellQuote", () => {
  it("makes one word that a real shell reads back as it was", () => {
    const texts = ["", "plain/word.ts", "two words", "it's", '"$HOME"', "`id` $(id) \\ !", "a\nb", "*", "~", "-n", "ä"];
    for (const text of texts) {
      assert.equal(
        execFileSync("/bin/sh", ["-c", `printf '%s|' ${shellQuote(text)}`], { encoding: "utf8" }),
        `${text}|`,
      );
    }
  });

  it("leaves a word alone that needs no quotes", () => {
    assert.equal(shellQuote("/opt/tokenrack-1/main.ts"), "/opt/tokenrack-1/main.ts");
  });
});
