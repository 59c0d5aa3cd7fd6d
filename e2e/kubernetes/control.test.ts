import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { isAlive, type ProcessRef } from "../../local/processes";
import { startControlPlane } from "../support/kubeControl";

const SUPPORT = path.resolve(__dirname, "..", "support", "kubeControl");

/** What a process that starts a control plane and then only waits has made. */
async function startElsewhere(): Promise<{ owner: number; directory: string; processes: readonly ProcessRef[] }> {
  const code = `require(${JSON.stringify(SUPPORT)}).startControlPlane().then(({ directory }) => console.log("in " + directory))`;
  const child = spawn(process.execPath, ["--import", "tsx", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  const directory = await new Promise<string>((resolve) => {
    child.stdout.on("data", (chunk: Buffer) => {
      const found = /^in (.*)$/m.exec(chunk.toString())?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  const processes = JSON.parse(readFileSync(path.join(directory, "processes.json"), "utf8")) as ProcessRef[];
  return { owner: child.pid ?? 0, directory, processes };
}

describe("control plane for tests", function () {
  this.timeout(60_000);

  before(async function () {
    this.timeout(45 * 60_000);
    await (await startControlPlane()).stop();
  });

  it("leaves nothing when it is stopped", async () => {
    const control = await startControlPlane();
    const processes = JSON.parse(readFileSync(path.join(control.directory, "processes.json"), "utf8")) as ProcessRef[];
    assert.equal(processes.filter(isAlive).length, 3);
    await control.stop();
    assert.equal(processes.filter(isAlive).length, 0);
    assert.equal(existsSync(control.directory), false);
  });

  it("ends what a killed test has left, and leaves alone what a living one uses", async () => {
    const [killed, living] = [await startElsewhere(), await startElsewhere()];
    process.kill(killed.owner, "SIGKILL");
    assert.equal(killed.processes.filter(isAlive).length, 3);
    const control = await startControlPlane();
    try {
      assert.equal(killed.processes.filter(isAlive).length, 0);
      assert.equal(existsSync(killed.directory), false);
      assert.equal(living.processes.filter(isAlive).length, 3);
    } finally {
      process.kill(living.owner, "SIGTERM");
      await control.stop();
    }
    await (await startControlPlane()).stop();
    assert.equal(living.processes.filter(isAlive).length, 0);
  });
});
