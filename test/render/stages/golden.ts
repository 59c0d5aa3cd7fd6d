/** Golden files of the stages after the cluster. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";

/** Fails when the data is not what was last agreed on in `golden/<name>`; with `UPDATE_GOLDEN=1` it is agreed on. */
export function assertGolden(name: string, data: unknown): void {
  const file = join(__dirname, "golden", name);
  const text = stringify(data, { lineWidth: 0, aliasDuplicateObjects: false });
  if (process.env["UPDATE_GOLDEN"] === "1") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  assert.equal(text, existsSync(file) ? readFileSync(file, "utf8") : "");
}
