import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A text as it was last agreed on; with `UPDATE_GOLDEN=1` the given one is agreed on. */
export function golden(name: string, actual: string): string {
  const file = join(__dirname, "golden", name);
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(file, actual);
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}
