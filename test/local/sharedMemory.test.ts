import assert from "node:assert/strict";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { markOf } from "../../local/processes";
import { removeUnused, sharedMemory } from "../../local/sharedMemory";
import { findPython } from "../../local/machine";
import { Place } from "../support/fixtures";
import { spawn } from "node:child_process";
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

  it("is found by what it is and not by the name it was made under, as of a semaphore", async () => {
    const run = place.path("run");
    const child = spawn(findPython().path ?? "", ["-c", lock], {
      env: { PATH: process.env["PATH"], ...markOf(run, "ray") },
    });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const semaphore = `/dev/shm/sem.${line.toString().trim().slice(1)}`;
    const found = sharedMemory(run);
    child.kill("SIGKILL");
    await once(child, "close");
    assert.deepEqual([...found], [semaphore]);
    removeUnused(run, found);
    assert.ok(!existsSync(semaphore));
  });

  it("is found while a process holds it, and removed only when none does any more", async () => {
    const run = place.path("run");
    const child = spawn(findPython().path ?? "", ["-c", maps, segment], {
      env: { PATH: process.env["PATH"], ...markOf(run, "ray") },
    });
    await once(child.stdout, "data");
    const found = sharedMemory(run);
    assert.deepEqual([...found], [segment]);
    removeUnused(run, found);
    assert.ok(existsSync(segment));
    child.kill("SIGKILL");
    await once(child, "close");
    removeUnused(run, found);
    assert.ok(!existsSync(segment));
  });
});
