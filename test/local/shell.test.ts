import assert from "node:assert/strict";
import { run } from "../../local/shell";
import { quiet } from "../support/fixtures";

describe("run", () => {
  const { said } = quiet();
  const shell = (script: string, onLine?: (line: string) => void): ReturnType<typeof run> =>
    run("/bin/sh", ["-c", script], onLine === undefined ? {} : { onLine });

  it("gives the exit code and shows each line, of stdout and of stderr", async () => {
    assert.deepEqual(await shell("echo one; echo two >&2; exit 3").then(({ code }) => code), 3);
    assert.deepEqual(said().trim().split("\n").sort(), ["one", "two"]);
  });

  it("keeps the last 40 lines", async () => {
    const lines: string[] = [];
    const { tail } = await shell("for i in $(seq 50); do echo $i; done", (line) => lines.push(line));
    assert.deepEqual([lines.length, tail.split("\n").length, tail.split("\n")[0]], [50, 40, "11"]);
    assert.equal(said(), "");
  });

  it("is no success when a signal ends the program", async () => {
    assert.equal((await shell("kill -9 $$")).code, 128);
  });

  it("fails when there is no such program", async () => {
    await assert.rejects(run("/no/such/program", []), /ENOENT/);
  });
});
