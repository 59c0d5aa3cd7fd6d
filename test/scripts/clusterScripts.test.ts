import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { piecesOf, type Script } from "../../components/scripts";
import { Place } from "../support/fixtures";
import { runScript } from "./clusterScript";

const scripts = join(__dirname, "..", "..", "scripts");
const ofClusters = [
  ["existing", "check"],
  ["gpuWait", "wait"],
  ["kubeRayCrds", "upgrade"],
  ["modelsWait", "wait"],
  ["servingWait", "wait"],
  ["servingWarm", "warm"],
  ["gatewayWait", "wait"],
] as const satisfies readonly (readonly [Script, string])[];

describe("the scripts that ask a cluster", function () {
  this.timeout(60_000);

  for (const [script, stage] of ofClusters) {
    it(`${script} is clean with what it stands on, and defines without running anything`, () => {
      const text = piecesOf(script)
        .map((piece) => readFileSync(join(scripts, piece), "utf8"))
        .join("\n");
      const { error, stdout } = spawnSync("shellcheck", ["--shell=sh", "-"], { input: text, encoding: "utf8" });
      assert.deepEqual([error, stdout], [undefined, ""]);
      // A text that is cut off on its way must do nothing: only functions and settings stand at the margin.
      const run = spawnSync("/bin/sh", ["-s"], { input: text, env: { PATH: "/nowhere" }, encoding: "utf8" });
      assert.deepEqual([run.status, run.stdout, run.stderr], [0, "", ""]);
    });

    it(`${script} says what is missing on a machine without kubectl, and leaves nothing`, async () => {
      const place = new Place();
      try {
        const settings = { namespace: "n", service: "s", stack: "s", deadline: "1", jobs: "" };
        // Nothing else is on PATH: this machine may have a kubectl.
        for (const tool of ["cat", "dd"]) place.program(`bin/${tool}`, `PATH=/usr/bin:/bin; exec ${tool} "$@"`);
        const { code, out, err } = await runScript(place, [script, stage], settings, { path: "/nowhere" });
        assert.deepEqual([code, out], [3, ""]);
        assert.match(err, /^.+\n {2}checked: {2}this machine\n {2}found: {4}no kubectl\n/);
      } finally {
        place.remove();
      }
    });
  }
});
