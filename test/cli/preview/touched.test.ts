import assert from "node:assert/strict";
import { touchedBy } from "../../../cli/preview/touched";

const stacks = ["a100", "homelab", "local"];

describe("what a change touches", () => {
  const rows: readonly (readonly [files: string[], touched: string[], gone: string[]])[] = [
    [[], [], []],
    [["Pulumi.homelab.yaml"], ["homelab"], []],
    [["Pulumi.local.yaml", "Pulumi.a100.yaml", "docs/plan.md"], ["a100", "local"], []],
    [["docs/plan.md", "README.md", "test/plan/fit.test.ts", ".github/workflows/preview.yml", "LICENSE"], [], []],
    [["plan/fit.ts"], stacks, []],
    [["package-lock.json"], stacks, []],
    [["Pulumi.yaml"], stacks, []],
    [["scripts/vfio-lib.sh", "Pulumi.a100.yaml"], stacks, []],
    [["Pulumi.old.yaml"], [], ["old"]],
    [["examples/x/Pulumi.homelab.yaml"], [], []],
  ];
  for (const [files, touched, gone] of rows) {
    it(`by ${files.join(", ") || "no file"}: ${touched.join(", ") || "nothing"}`, () => {
      assert.deepEqual(touchedBy(files, stacks), { stacks: touched, gone });
    });
  }
});
