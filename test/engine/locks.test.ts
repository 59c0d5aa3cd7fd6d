import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import * as path from "node:path";
import { readLocks, releaseDeadLocks } from "../../engine/locks";

describe("engine/locks: locks that engines left", () => {
  let dir: string;
  let file: string;
  const said: string[] = [];

  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), "tokenrack locks-"));
    file = path.join(dir, ".pulumi", "locks", "organization", "p", "dev", "0001.json");
    mkdirSync(path.dirname(file), { recursive: true });
    said.length = 0;
  });
  afterEach(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  const lock = (pid: number, host: string): void =>
    writeFileSync(file, JSON.stringify({ pid, username: "me", hostname: host, timestamp: "2026-01-02T03:04:05Z" }));
  const release = (): void => releaseDeadLocks(readLocks(dir, "p", "dev"), (line) => said.push(line));
  const deadPid = (): number => spawnSync("true").pid;

  it("removes that of a process which is gone, and says so", () => {
    lock(deadPid(), hostname());
    release();
    assert.ok(!existsSync(file));
    assert.match(said.join(), /^removed the lock of a pulumi process \d+ of me@/);
  });

  it("removes that of a process whose number another program has now", function () {
    // Only Linux tells a program's name from its number.
    const expected = process.platform === "linux";
    lock(process.pid, hostname());
    if (expected) release();
    else assert.throws(release, /still running/);
    assert.equal(existsSync(file), !expected);
  });

  it("keeps that of another host", () => {
    lock(deadPid(), "elsewhere");
    assert.throws(release, /locked by a pulumi process \d+ of me@elsewhere[^]*rm '.*0001\.json'/);
    assert.ok(existsSync(file));
  });

  it("finds none where there is none, and none in a file that was cut off", () => {
    assert.deepEqual(readLocks(dir, "p", "other"), []);
    writeFileSync(file, '{"pid":');
    assert.deepEqual(readLocks(dir, "p", "dev"), []);
  });
});
