import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatFault } from "../../config/errors";
import { badConfigs, together } from "./badConfigs";
import { bringUpPlan, goodLocal, goodProxmox, refusal, rented, saidOf, secretTexts, withChanges } from "./badStacks";

const golden = join(__dirname, "golden", "bad-configs");

/** What the user reads, as it was last agreed on; with `UPDATE_GOLDEN=1` it is agreed on. */
function assertGolden(name: string, text: string): void {
  const file = join(golden, name);
  if (process.env["UPDATE_GOLDEN"] === "1") {
    mkdirSync(golden, { recursive: true });
    writeFileSync(file, text);
  }
  assert.equal(text, existsSync(file) ? readFileSync(file, "utf8") : "");
}

const rowOf = (number: number) => {
  const row = badConfigs.find((one) => one.number === number);
  assert.ok(row !== undefined);
  return row;
};

describe("the fifty bad configurations", () => {
  it("are fifty, of stacks that are good", () => {
    assert.deepEqual(
      badConfigs.map(({ number }) => number).sort((a, b) => a - b),
      Array.from({ length: 50 }, (_, index) => index + 1),
    );
    const bases = new Set<unknown>([goodLocal, goodProxmox, rented, ...badConfigs.map(({ base }) => base)]);
    for (const base of bases) assert.equal(refusal(() => bringUpPlan(base))?.message, undefined);
  });

  for (const row of badConfigs) {
    it(`${row.number}: ${row.title}`, () => {
      const said = saidOf(row).map((error) => error?.message ?? "");
      assert.ok(said.length > 0 && !said.includes(""), "refused");
      assertGolden(`${String(row.number).padStart(2, "0")}.txt`, `${said.join("\n\n")}\n`);
      said.forEach((text, index) => {
        const shown = secretTexts(withChanges(row.base, row.variants[index] ?? {})).filter((one) => text.includes(one));
        assert.deepEqual(shown, [], "no secret is shown");
        assert.ok(!text.includes("CANARY"), "no secret is shown");
        assert.doesNotMatch(text, /\n\s+at |TypeError|RangeError|Error:.*Error:/, "no stack trace");
      });
    });
  }

  for (const numbers of together) {
    it(`are told all at once: ${numbers.join(", ")}`, () => {
      const rows = numbers.map(rowOf);
      const changes = Object.fromEntries(rows.flatMap(({ variants: [first = {}] }) => Object.entries(first)));
      const all = refusal(() => bringUpPlan(withChanges(goodProxmox, changes)));
      const alone = rows.flatMap((row) => saidOf(row)[0]?.faults ?? []);
      assert.deepEqual(all?.faults.map(formatFault).sort(), alone.map(formatFault).sort());
      assert.ok(alone.length >= rows.length);
    });
  }

  it("are cut where nobody would read on, and say so", () => {
    const hosts = Array.from({ length: 300 }, () => ({ name: "Not A Name" }));
    const faults = refusal(() => bringUpPlan({ ...goodProxmox, hosts }))?.faults ?? [];
    assert.equal(faults.length, 201);
    assert.match(faults.at(-1)?.found ?? "", /^1000 more faults, which are not shown$/);
  });

  it("45: above 0.95 is a warning", () => {
    const { warnings } = bringUpPlan(withChanges(goodProxmox, { "models[0].gpuMemoryUtilization": 0.96 }));
    assert.ok(warnings.some((warning) => warning.startsWith("models[0].gpuMemoryUtilization is 0.96")));
  });
});
