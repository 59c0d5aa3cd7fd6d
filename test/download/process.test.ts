import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildDownload } from "../../download/build";
import type { DownloadConfigInput } from "../../download/config";
import { LARGEST_BUNDLE_BYTES } from "../../system/bundle";
import { configFor, Downloader, Volume, type Ended } from "./harness";
import { bytesOf, FakeHub } from "./hub";

const MODEL = "model.safetensors";
const SIZE = 3_000_000;

describe("the download's program", () => {
  const home = mkdtempSync(join(tmpdir(), "tokenrack-bundle-"));
  const bundle = join(home, "download.js");
  const weights = bytesOf("weights", SIZE);
  let hub: FakeHub;
  let volume: Volume;
  let started: Downloader[] = [];

  before(async function () {
    this.timeout(60_000);
    hub = await FakeHub.start();
    await buildDownload(bundle);
  });
  after(async () => {
    await hub.close();
    rmSync(home, { recursive: true, force: true });
  });
  beforeEach(() => {
    hub.reset();
    volume = new Volume();
    hub.files.set(MODEL, weights);
    hub.files.set("config.json", bytesOf("config", 500));
  });
  afterEach(async () => {
    for (const { child } of started) child.kill("SIGKILL");
    await Promise.all(started.map(({ ended }) => ended));
    started = [];
    volume.remove();
  });

  const start = (change: Partial<DownloadConfigInput> = {}): Downloader => {
    const config = configFor(hub, volume, { lock: { renewSeconds: 0.1, staleSeconds: 1 }, ...change });
    const downloader = Downloader.start(bundle, join(home, `${started.length}.json`), config);
    started.push(downloader);
    return downloader;
  };
  const runToEnd = (change: Partial<DownloadConfigInput> = {}): Promise<Ended> => start(change).ended;
  /** Resolves when the hub has sent so many bytes of the weights. */
  const sent = (byte: number): Promise<void> =>
    new Promise((done) => {
      hub.mishap = ({ path }) => (path === MODEL ? { atByte: [byte, done], pauseMs: 5 } : undefined);
    });

  it("is one file that a ConfigMap holds", () => {
    assert.ok(statSync(bundle).size < LARGEST_BUNDLE_BYTES);
  });

  it("exits 0 with progress as JSON lines, and at once, without a request, when all is ready", async () => {
    const first = await runToEnd();
    assert.deepEqual([first.code, first.err], [0, ""]);
    const last = first.lines.at(-1);
    assert.deepEqual(
      [last?.stage, last?.bytesDone, last?.bytesTotal, last?.exitCode],
      ["ready", SIZE + 500, SIZE + 500, 0],
    );
    hub.seen.length = 0;
    const second = await runToEnd();
    assert.deepEqual([second.code, hub.seen.length], [0, 0]);
    assert.deepEqual([second.lines.at(-1)?.stage, second.lines.at(-1)?.bytesDone], ["ready", SIZE + 500]);
  }).timeout(20_000);

  it("exits 1 with every fault of its configuration, without a stack", async () => {
    const bad = await runToEnd({ parallel: 99, allow: ["*.bin"], volume: "relative" });
    assert.equal(bad.code, 1);
    assert.match(bad.err, /has 3 faults:\n/);
    for (const key of ["volume", "allow\\[0\\]", "parallel"]) assert.match(bad.err, new RegExp(`\n {2}${key}: found `));
    assert.doesNotMatch(bad.err, /\n\s+at /);
    assert.equal(bad.lines.at(-1)?.exitCode, 1);
  });

  it("exits 75 when the hub is down", async () => {
    const source = { kind: "huggingface", repo: "a/b", revision: "v1", endpoint: "http://127.0.0.1:9" } as const;
    const { code, err } = await runToEnd({ source, retry: { firstMilliseconds: 10, attempts: 2 } });
    assert.equal(code, 75);
    assert.match(err, /ECONNREFUSED; 2 failures in a row/);
  });

  it("started twice at once loads every file once; the second waits and finds all ready", async () => {
    // Slow enough that the second is up long before the first is done.
    let begun = (): void => undefined;
    const begins = new Promise<void>((done) => (begun = done));
    hub.mishap = ({ path }) => (path === MODEL ? { atByte: [0, begun], pauseMs: 60 } : undefined);
    const first = start();
    await begins;
    const second = start();
    const ends = await Promise.all([first.ended, second.ended]);
    assert.deepEqual(
      ends.map(({ code, err }) => [code, err]),
      [
        [0, ""],
        [0, ""],
      ],
    );
    assert.deepEqual(volume.read(MODEL), weights);
    assert.deepEqual([hub.gets(MODEL).length, hub.gets("config.json").length], [1, 1]);
  }).timeout(30_000);

  it("killed with -9 at any moment leaves no marker, and the next run goes on from the byte that is there", async () => {
    const kills = [1, 400_000, 2_000_000, SIZE - 1];
    for (const byte of kills) {
      const before = volume.partials()[0] ?? 0;
      const begun = sent(Math.max(byte, before + 1));
      const downloader = start();
      await begun;
      downloader.child.kill("SIGKILL");
      const { code } = await downloader.ended;
      assert.equal(code, null);
      assert.equal(volume.marker, undefined);
      assert.ok((volume.partials()[0] ?? 0) >= before, "bytes were lost");
    }
    const there = volume.partials()[0] ?? 0;
    hub.mishap = () => undefined;
    const { code, err } = await runToEnd();
    assert.deepEqual([code, err], [0, ""]);
    assert.deepEqual(volume.read(MODEL), weights);
    const starts = hub.gets(MODEL).map(({ start }) => start);
    assert.deepEqual(
      starts,
      [...starts].sort((a, b) => a - b),
      "each run began where the one before it ended",
    );
    // All bytes may have been there, not yet verified: then nothing was asked for.
    if (there < SIZE) assert.equal(starts.at(-1), there);
    assert.ok(there > 1_000_000, `only ${there} bytes outlived the kills`);
  }).timeout(60_000);

  it("killed with -9 at random moments never shows a marker over bad data", async () => {
    for (let n = 0; n < 6; n += 1) hub.files.set(`part-${n}.safetensors`, bytesOf(`part${n}`, 150_000 + n));
    hub.mishap = () => ({ pauseMs: 2 });
    for (let n = 0; n < 6; n += 1) {
      const downloader = start({ lock: { renewSeconds: 0.1, staleSeconds: 0.6 } });
      const timer = setTimeout(() => downloader.child.kill("SIGKILL"), 150 + Math.random() * 500);
      await downloader.ended;
      clearTimeout(timer);
      for (const { path, size } of volume.marker?.files ?? []) {
        assert.equal(volume.read(path).length, size);
        assert.deepEqual(volume.read(path), hub.files.get(path));
      }
    }
    let end = await runToEnd();
    while (end.code === 75) end = await runToEnd();
    assert.equal(end.code, 0);
    for (const [path, data] of hub.files) assert.deepEqual(volume.read(path), data);
  }).timeout(60_000);

  it("stops at SIGTERM with 75, keeps what it has, and lets the next run begin at once", async () => {
    hub.mishap = ({ path }) => (path === MODEL ? { hangAt: 1_000_000 } : undefined);
    const long = { lock: { renewSeconds: 1, staleSeconds: 600 } };
    const downloader = start(long);
    while ((volume.partials()[0] ?? 0) < 900_000) await new Promise((done) => setTimeout(done, 20));
    downloader.child.kill("SIGTERM");
    const { code, err, lines } = await downloader.ended;
    assert.equal(code, 75);
    assert.match(err, /stopped by SIGTERM; what was loaded is kept/);
    assert.equal(lines.at(-1)?.stage, "failed");
    const [there] = volume.partials();
    hub.mishap = () => undefined;
    // A lease that were not released would hold the second run for 600 s.
    assert.equal((await runToEnd(long)).code, 0);
    assert.equal(hub.gets(MODEL).at(-1)?.start, there);
  }).timeout(30_000);

  it("has no secret in its output, whatever goes wrong", async () => {
    const secretDirectory = volume.secret({ token: "hf_verysecret" });
    const cases = [
      { status: 401 },
      { status: 429, headers: { "retry-after": "99999" } },
      { status: 500, body: "hf_verysecret" },
      { flipAt: 0 },
    ];
    for (const mishap of cases) {
      hub.mishap = () => mishap;
      const end = await runToEnd({ secretDirectory, retry: { firstMilliseconds: 10, attempts: 1 } });
      assert.notEqual(end.code, 0);
      assert.doesNotMatch(JSON.stringify(end), /verysecret/);
    }
    writeFileSync(join(secretDirectory, "token"), "hf_verysecret\nsecond line");
    const odd = await runToEnd({ secretDirectory });
    assert.equal(odd.code, 1);
    assert.match(odd.err, /token: found text that is no credential/);
    assert.doesNotMatch(JSON.stringify(odd), /verysecret/);
  }).timeout(30_000);
});
