import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { findProcesses, markOf } from "../../local/processes";
import { partDirectory } from "../../local/runFiles";
import { noteSharedMemory, removeUnused } from "../../local/sharedMemory";
import { findPython } from "../../local/machine";
import { Place } from "../support/fixtures";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

const maps =
  "import mmap,sys,time\nf=open(sys.argv[1],'r+b')\nm=mmap.mmap(f.fileno(),0)\nprint('mapped',flush=True)\ntime.sleep(600)\n";

// As tqdm makes it in vLLM's workers: by name, because they were spawned.
const lock =
  "import multiprocessing,time\nl=multiprocessing.get_context('spawn').RLock()\nprint(l._semlock.name,flush=True)\ntime.sleep(600)\n";

describe("shared memory of a stack's processes", () => {
  let place: Place;
  let segment: string;
  beforeEach(() => {
    place = new Place();
    segment = `/dev/shm/tokenrack-test-${basename(place.directory)}`;
    writeFileSync(segment, "x".repeat(4096));
  });
  afterEach(() => {
    rmSync(segment, { force: true });
    place.remove();
  });

  /** A process of the stack's Ray; resolves to the first line it prints. */
  async function start(run: string, ...python: string[]): Promise<{ child: ChildProcess; line: string }> {
    const child = spawn(findPython().path ?? "", ["-c", ...python], {
      env: { PATH: process.env["PATH"], ...markOf(run, "ray") },
    });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    return { child, line: line.toString().trim() };
  }

  /** By force, and first the one that Python starts to clean up after a process. */
  async function kill(run: string, child: ChildProcess): Promise<void> {
    const ended = once(child, "close");
    const youngestFirst = findProcesses(run, "ray").sort((a, b) => b.pid - a.pid);
    youngestFirst.forEach(({ pid }) => process.kill(pid, "SIGKILL"));
    await ended;
  }

  function runDirectory(): string {
    const run = place.path("run");
    mkdirSync(partDirectory(run, "ray"), { recursive: true });
    return run;
  }

  it("of a killed process goes, as it was noted while that lived; also what shows another name, as a semaphore", async () => {
    const run = runDirectory();
    const { child, line } = await start(run, lock);
    const semaphore = `/dev/shm/sem.${line.slice(1)}`;
    noteSharedMemory(run);
    await kill(run, child);
    noteSharedMemory(run); // A later look does not forget.
    assert.ok(existsSync(semaphore));
    removeUnused(run);
    assert.ok(!existsSync(semaphore));
  });

  it("stays while a process of the stack holds it", async () => {
    const run = runDirectory();
    const { child } = await start(run, maps, segment);
    noteSharedMemory(run);
    removeUnused(run);
    assert.ok(existsSync(segment));
    await kill(run, child);
    removeUnused(run);
    assert.ok(!existsSync(segment));
  });

  it("stays when its name is another program's by now", async () => {
    const run = runDirectory();
    const { child } = await start(run, maps, segment);
    noteSharedMemory(run);
    await kill(run, child);
    const other = `${segment}-other`;
    writeFileSync(other, "theirs"); // Made while the first one is there, so that it has an inode of its own.
    renameSync(other, segment);
    removeUnused(run);
    assert.equal(readFileSync(segment, "utf8"), "theirs");
  });
});
