import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { vfioPieces, type VfioStage } from "../../render/vfio";
import { script, scriptText } from "./support";

const root = join(__dirname, "..", "..");

/** What shellcheck says of a text; needs shellcheck, and fails without. */
function shellcheck(text: string, ...flags: string[]): string {
  const { error, stdout } = spawnSync("shellcheck", ["--shell=sh", ...flags, "-"], { input: text, encoding: "utf8" });
  if (error !== undefined) throw new Error(`shellcheck could not be run: ${error.message}`);
  return stdout;
}

describe("the scripts", function () {
  this.timeout(60_000);

  // Each piece uses names of the others, so they are looked at as they run: together. A piece serves several stages, so
  // a variable may be there for another one.
  for (const stage of ["inspect", "apply", "reboot", "verify"] satisfies VfioStage[])
    it(`are clean as stage ${stage}`, () => {
      assert.equal(shellcheck(script(stage), "--exclude=SC2034"), "");
    });

  it("are clean all together, with their comments", () => {
    const pieces = readdirSync(join(root, "scripts")).filter(
      (name) => name.startsWith("vfio-") && name !== "vfio-main.sh",
    );
    const settings = script("verify").split("\n").slice(0, 10);
    const texts = [...pieces.map((name) => name.replace(".sh", "")), "vfio-main"].map(scriptText);
    // The setting `applied` is there to change the text.
    const unused = shellcheck([...settings, ...texts].join("\n"), "--format=gcc")
      .split("\n")
      .filter((line) => line !== "");
    assert.deepEqual(
      unused.filter((line) => !line.includes("applied appears unused")),
      [],
    );
  });

  it("belong to a stage, all of them", () => {
    const used = new Set((["inspect", "apply", "reboot", "verify"] satisfies VfioStage[]).flatMap(vfioPieces));
    const there = readdirSync(join(root, "scripts")).filter((name) => name.startsWith("vfio-"));
    assert.deepEqual(there, [...used].map((name) => `${name}.sh`).sort());
  });

  it("of the simulated host are clean", () => {
    const files = [
      ...["init.sh", "enter.sh"].map((name) => join(root, "sim/host", name)),
      ...readdirSync(join(root, "sim/host/tools")).map((name) => join(root, "sim/host/tools", name)),
    ];
    // They source files of the host.
    execFileSync("shellcheck", ["--shell=sh", "--exclude=SC1091", ...files]);
  });
});
