import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Fails when a report is not what was last agreed on; with `UPDATE_GOLDEN=1` it is agreed on. */
export function assertGolden(name: string, text: string): void {
  const file = join(__dirname, "golden", `${name}.txt`);
  if (process.env["UPDATE_GOLDEN"] === "1") {
    mkdirSync(join(__dirname, "golden"), { recursive: true });
    writeFileSync(file, `${text}\n`);
  }
  assert.equal(`${text}\n`, existsSync(file) ? readFileSync(file, "utf8") : "");
}
