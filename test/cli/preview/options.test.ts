import assert from "node:assert/strict";
import { checkOptions, previewCommand, type PreviewOptions } from "../../../cli/preview/options";
import { UsageError } from "../../../cli/plan/usage";

const faults = (line: string): readonly string[] => {
  const command = previewCommand().exitOverride();
  command.parse(
    line.split(" ").filter((word) => word !== ""),
    { from: "user" },
  );
  try {
    checkOptions(command.opts<PreviewOptions>());
    return [];
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error.faults.map(({ path, found }) => `${path}: ${found}`);
  }
};

describe("the command line of a preview", () => {
  const rows: readonly (readonly [line: string, faults: string[]])[] = [
    ["--stack homelab", []],
    ["--stack homelab --base origin/main --markdown", []],
    ["--changed --base origin/main --markdown --state states", []],
    ["--changed --base origin/main --list", []],
    ["", ["--stack: nothing"]],
    ["--changed", ["--changed: no --base"]],
    ["--changed --stack a --base x", ["--changed: --changed with --stack"]],
    ["--stack a --list", ["--list: --list without --changed"]],
    ["--stack a --base x --base-file y", ["--base-file: --base-file with --base"]],
    ["--changed --base x --json --inspect", ["--changed: --changed with --inspect, --json"]],
  ];
  for (const [line, expected] of rows) {
    it(`${expected.length === 0 ? "takes" : "refuses"} "${line}"`, () => assert.deepEqual(faults(line), expected));
  }
});
