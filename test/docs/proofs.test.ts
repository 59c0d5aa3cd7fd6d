/** Tables of the docs that name a test for each row: the tests are there, under that name. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(__dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** Rows of all tables of a page, without their heads. */
const rowsOf = (page: string): readonly string[] => read(page).match(/^\|(?! *-)(?! *(threat|fault|#)).*\|$/gm) ?? [];

for (const page of ["docs/security.md", "docs/faults.md"]) {
  describe(page, () => {
    const rows = rowsOf(page);

    it("has rows", () => assert.ok(rows.length > 20, String(rows.length)));

    for (const row of rows) {
      const [, first = ""] = row.split("|");
      it(`names what shows: ${first.trim()}`, () => {
        const proofs = [...row.matchAll(/`((?:[\w/.]+\.test|e2e\/homelab\/[\w/]+)\.ts)` "([^"]+)"/g)];
        assert.ok(proofs.length > 0 || row.includes("**not shown**"), "neither a test nor a reason");
        for (const [, file = "", title = ""] of proofs) {
          assert.ok(existsSync(join(root, file)), file);
          assert.ok(read(file).includes(title), `${file} has no test "${title}"`);
        }
      });
    }
  });
}
