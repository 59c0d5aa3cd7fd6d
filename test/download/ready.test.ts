import assert from "node:assert/strict";
import { appendFileSync, renameSync, rmSync, symlinkSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { acquire } from "../../download/lease";
import { freeBytes } from "../../download/space";
import { configFor, run, Volume } from "./harness";
import { bytesOf, FakeHub, REPO } from "./hub";

const MODEL = "model.safetensors";

describe("a model's directory", () => {
  let hub: FakeHub;
  let volume: Volume;

  before(async () => (hub = await FakeHub.start()));
  after(() => hub.close());
  beforeEach(() => {
    hub.reset();
    volume = new Volume();
    hub.files.set(MODEL, bytesOf("weights", 100_000));
    hub.files.set("config.json", bytesOf("config", 500));
    hub.files.set("sub/tokenizer.json", bytesOf("tokenizer", 300));
  });
  afterEach(() => volume.remove());
  const paths = (): (string | undefined)[] => hub.seen.filter(({ path }) => path !== undefined).map(({ path }) => path);

  it("that is ready costs no request; a missing or short file costs only that file", async () => {
    assert.ok((await run(configFor(hub, volume))).marker);
    hub.seen.length = 0;
    assert.ok((await run(configFor(hub, volume))).marker);
    assert.equal(hub.seen.length, 0);
    rmSync(join(volume.directory, "config.json"));
    truncateSync(join(volume.directory, "sub/tokenizer.json"), 10);
    assert.ok((await run(configFor(hub, volume))).marker);
    assert.deepEqual(paths().sort(), ["config.json", "sub/tokenizer.json"]);
    assert.deepEqual(volume.read("sub/tokenizer.json"), hub.files.get("sub/tokenizer.json"));
  });

  it("whose byte was changed in place is found by verify: full, and not by sizes", async () => {
    await run(configFor(hub, volume));
    const bad = bytesOf("weights", 100_000);
    bad[5] = (bad[5] ?? 0) ^ 1;
    volume.write(MODEL, bad);
    hub.seen.length = 0;
    await run(configFor(hub, volume));
    assert.deepEqual(volume.read(MODEL), bad);
    assert.ok((await run(configFor(hub, volume, { verify: "full" }))).marker);
    assert.deepEqual(paths(), [MODEL]);
    assert.deepEqual(volume.read(MODEL), hub.files.get(MODEL));
  });

  it("that is proved wrong has no marker any more, even when the hub is down", async () => {
    await run(configFor(hub, volume));
    truncateSync(join(volume.directory, MODEL), 10);
    hub.answer = (_, response) => {
      hub.plain(response, 500, "");
      return true;
    };
    const { error } = await run(configFor(hub, volume, { retry: { firstMilliseconds: 10, attempts: 1 } }));
    assert.equal(error?.exitCode, 75);
    assert.equal(volume.marker, undefined);
  });

  it("of another revision keeps what is the same, and nothing of what is gone", async () => {
    hub.files.set("model-2.safetensors", bytesOf("second", 900));
    await run(configFor(hub, volume));
    hub.files.delete("model-2.safetensors");
    hub.files.set("config.json", bytesOf("new config", 600));
    hub.seen.length = 0;
    const source = { kind: "huggingface", repo: REPO, revision: "v2", endpoint: hub.url } as const;
    const { marker } = await run(configFor(hub, volume, { source }));
    assert.deepEqual(paths(), ["config.json"]);
    assert.equal(volume.has("model-2.safetensors"), false);
    assert.deepEqual(
      marker?.files.map(({ path }) => path),
      ["config.json", MODEL, "sub/tokenizer.json"],
    );
  });

  it("with foreign weights in it is refused: a loader would mix them in", async () => {
    volume.write("model-00009.safetensors", "another model's");
    const { error } = await run(configFor(hub, volume));
    assert.equal(error?.exitCode, 1);
    assert.match(error?.message ?? "", /weights that are not this model's: model-00009\.safetensors/);
    assert.equal(volume.has("model-00009.safetensors"), true);
  });

  it("takes files that a person put there when their bytes are right, and loads them when not", async () => {
    volume.write(MODEL, hub.files.get(MODEL) ?? "");
    volume.write("config.json", bytesOf("wrong", 500));
    assert.ok((await run(configFor(hub, volume))).marker);
    assert.deepEqual(paths().sort(), ["config.json", "sub/tokenizer.json"]);
  });

  it("is not left through a link that lies in it", async () => {
    const outside = new Volume();
    outside.write("keep", "");
    volume.write("keep", "");
    symlinkSync(outside.directory, join(volume.directory, "sub"));
    const { error } = await run(configFor(hub, volume));
    assert.equal(error?.exitCode, 1);
    assert.match(error?.message ?? "", /sub: found a link or a file/);
    assert.equal(outside.has("tokenizer.json"), false);
    outside.remove();
  });

  it("needs 1.1 times what is missing as free space, before the first byte, and says the numbers", async () => {
    const free = (await freeBytes(volume.root)) ?? 0;
    const size = Math.ceil(free / 1.05);
    hub.answer = (seen, response) => {
      if (!seen.url.pathname.includes("/tree/")) return false;
      const lfs = { oid: "a".repeat(64), size };
      hub.plain(response, 200, JSON.stringify([{ type: "file", path: MODEL, size, oid: "x", lfs }]));
      return true;
    };
    const { error } = await run(configFor(hub, volume));
    assert.equal(error?.exitCode, 1);
    assert.match(
      error?.message ?? "",
      new RegExp(`GiB \\(\\d+ bytes\\) free; need .*: 1\\.1 times the .*\\(${size} bytes\\)`),
    );
    assert.deepEqual(paths(), []);
    assert.equal(volume.marker, undefined);
  });

  for (const name of [
    "../evil.json",
    "/etc/evil.json",
    "a/../../evil.json",
    "a\\..\\evil.json",
    "a//b.json",
    ".tokenrack-ready.json",
  ])
    it(`is not left by a listed name like ${name}`, async () => {
      hub.files.set(name, bytesOf("evil", 10));
      const { error } = await run(configFor(hub, volume));
      assert.equal(error?.exitCode, 1);
      assert.match(error?.message ?? "", /broken or hostile/);
      assert.deepEqual(paths(), []);
    });

  it("gets no pickles, and a repository that has nothing else is refused with the reason", async () => {
    hub.files.set("pytorch_model.bin", bytesOf("pickle", 80));
    const all = await run(configFor(hub, volume, { allow: ["*"] }));
    assert.equal(all.marker?.files.length, 3);
    hub.files.delete(MODEL);
    const refused = await run(configFor(hub, volume));
    assert.match(refused.error?.message ?? "", /only as pickles .*"pytorch_model\.bin".*allowPickle: true/);
    const { marker } = await run(configFor(hub, volume, { allowPickle: true }));
    assert.ok(marker?.files.some(({ path }) => path === "pytorch_model.bin"));
  });

  it("gets no second copy of the weights, and what the patterns name", async () => {
    hub.files.set("consolidated.safetensors", bytesOf("copy", 90));
    hub.files.set("original/model.safetensors", bytesOf("copy", 90));
    const { marker } = await run(configFor(hub, volume, { allow: ["*.safetensors", "sub/*"] }));
    assert.deepEqual(
      marker?.files.map(({ path }) => path),
      [MODEL, "sub/tokenizer.json"],
    );
  });

  it("whose size is out of the expected bounds is refused before the first byte", async () => {
    const small = await run(configFor(hub, volume, { size: { minBytes: 1_000_000 } }));
    assert.match(small.error?.message ?? "", /size\.minBytes: found 3 files of 100800 bytes .*at least 1000000 bytes/);
    const large = await run(configFor(hub, volume, { size: { maxBytes: 1000 } }));
    assert.match(large.error?.message ?? "", /size\.maxBytes: .*at most 1000 bytes/);
    assert.deepEqual(paths(), []);
  });

  it("that gets ready while a run waits for the lock ends its waiting", async () => {
    await run(configFor(hub, volume));
    const away = join(volume.root, "away");
    renameSync(volume.directory, away);
    hub.seen.length = 0;
    const stop = new AbortController();
    const times = { renewSeconds: 0.1, staleSeconds: 60 };
    const lock = {
      volume: volume.root,
      times,
      signal: stop.signal,
      lost: () => undefined,
      waiting: () => Promise.resolve(false),
    };
    const held = await acquire(lock);
    const waits = run(configFor(hub, volume, { lock: times }));
    await pause(300);
    assert.equal(hub.seen.length, 0);
    renameSync(away, volume.directory);
    assert.ok((await waits).marker);
    assert.equal(hub.seen.length, 0);
    await held?.release();
  });

  it("on a volume that is not mounted is not made", async () => {
    const { error } = await run(configFor(hub, volume, { volume: join(volume.root, "gone") }));
    assert.match(error?.message ?? "", /volume: found no directory \(ENOENT\)/);
  });

  it("with a damaged marker is checked and made ready again, without loading what is right", async () => {
    await run(configFor(hub, volume));
    appendFileSync(join(volume.directory, ".tokenrack-ready.json"), "}");
    hub.seen.length = 0;
    assert.ok((await run(configFor(hub, volume))).marker);
    assert.deepEqual(paths(), []);
    assert.ok(volume.marker);
  });
});
