import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configFor, run, Volume } from "./harness";
import { bytesOf, FakeHub } from "./hub";

const MODEL = "model.safetensors";
const SIZE = 3_000_000;

/** Needs root: a tmpfs of 4 MiB is the volume. */
describe("a volume that runs full", () => {
  const root = mkdtempSync(join(tmpdir(), "tokenrack-full-"));
  let hub: FakeHub;
  let volume: Volume;

  before(async () => {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", root]);
    hub = await FakeHub.start();
  });
  after(async () => {
    await hub.close();
    execFileSync("umount", [root]);
    rmSync(root, { recursive: true, force: true });
  });
  beforeEach(() => {
    hub.reset();
    volume = new Volume(root);
    rmSync(join(root, "tiny"), { recursive: true, force: true });
  });

  it("midway leaves no marker, says so, and is gone on with when there is room again", async () => {
    hub.files.set(MODEL, bytesOf("weights", SIZE));
    const other = join(root, "another-writer");
    const fill = (): void => writeFileSync(other, Buffer.alloc(2_000_000));
    hub.mishap = () => ({ atByte: [200_000, fill], pauseMs: 2 });
    const { error } = await run(configFor(hub, volume));
    assert.equal(error?.exitCode, 1);
    assert.match(error?.message ?? "", /no room left on the volume while writing \(ENOSPC\).*PersistentVolumeClaim/);
    assert.equal(volume.marker, undefined);
    const [there = 0] = volume.partials();
    assert.ok(there > 200_000);
    rmSync(other);
    hub.mishap = () => undefined;
    assert.ok((await run(configFor(hub, volume))).marker);
    assert.equal(hub.gets(MODEL).at(-1)?.start, there);
    assert.deepEqual(volume.read(MODEL), hub.files.get(MODEL));
  });

  it("is told before the first byte when the model cannot fit", async () => {
    hub.files.set(MODEL, bytesOf("weights", 4_000_000));
    const { error } = await run(configFor(hub, volume));
    assert.equal(error?.exitCode, 1);
    assert.match(error?.message ?? "", /found 4 MiB \(\d+ bytes\) free; need 4\.2 MiB \(4400000 bytes\): 1\.1 times/);
    assert.equal(hub.gets(MODEL).length, 0);
  });

  it("to the last byte before the run begins is told as what it is", async () => {
    const filler = join(root, "filler");
    assert.throws(() => {
      for (;;) appendFileSync(filler, Buffer.alloc(4096));
    }, /ENOSPC/);
    const { error } = await run(configFor(hub, volume));
    rmSync(filler);
    assert.equal(error?.exitCode, 1);
    assert.match(error?.message ?? "", /no room left on the volume while writing \(ENOSPC\)/);
  });
});
