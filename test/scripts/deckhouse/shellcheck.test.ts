import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const scripts = join(__dirname, "..", "..", "..", "scripts");

describe("the scripts for Deckhouse", function () {
  this.timeout(60_000);

  for (const file of readdirSync(scripts).filter((name) => /^deckhouse-.*\.sh$/.test(name))) {
    it(`${file} is clean, and defines without running anything`, () => {
      const { error, stdout } = spawnSync("shellcheck", [join(scripts, file)], { encoding: "utf8" });
      assert.deepEqual([error, stdout], [undefined, ""]);
      // A text that is cut off on its way must do nothing: only functions and settings stand at the margin.
      const run = spawnSync("sh", ["-c", `state=/nowhere cluster=x; . ${join(scripts, file)}`], { encoding: "utf8" });
      assert.deepEqual([run.stdout, run.stderr], ["", ""]);
    });
  }
});
