import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { WORK } from "../../download/marker";
import { configFor, run, Volume } from "./harness";
import { bytesOf, FakeHub, type Mishap } from "./hub";

const MODEL = "model.safetensors";
const SIZE = 600_000;
/** What a client may hold unread when a connection breaks: undici's and the body's buffers. */
const IN_FLIGHT = 256 * 1024;

describe("a file on its way", () => {
  let hub: FakeHub;
  let volume: Volume;
  const weights = bytesOf("weights", SIZE);

  before(async () => (hub = await FakeHub.start()));
  after(() => hub.close());
  beforeEach(() => {
    hub.reset();
    volume = new Volume();
    hub.files.set(MODEL, weights);
  });
  afterEach(() => volume.remove());

  /** What goes wrong, request by request; then nothing. */
  const mishaps = (...list: (Mishap | undefined)[]): void => {
    let n = 0;
    hub.mishap = () => list[n++];
  };
  const starts = (): number[] => hub.gets(MODEL).map(({ start }) => start);
  const sent = (): number => hub.gets(MODEL).reduce((sum, seen) => sum + seen.sent, 0);
  const impatient = { firstMilliseconds: 10, mostMilliseconds: 10, attempts: 1 };

  it("cut at any byte, any number of times, is resumed where it was and ends right", async () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 0, max: SIZE - 1 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(cuts, async (list) => {
        const own = new Volume();
        hub.seen.length = 0;
        const sorted = [...list].sort((a, b) => a - b);
        mishaps(...sorted.map((cutAt) => ({ cutAt })));
        const { marker, error } = await run(configFor(hub, own));
        assert.equal(error, undefined);
        assert.equal(marker?.totalBytes, SIZE);
        assert.deepEqual(own.read(MODEL), weights);
        starts().forEach((start, n) => {
          const cut = sorted[n - 1] ?? 0;
          assert.ok(start <= cut && start >= cut - IN_FLIGHT, `request ${n} began at ${start} after a cut at ${cut}`);
        });
        assert.ok(sent() <= SIZE + list.length * IN_FLIGHT);
        own.remove();
      }),
      { numRuns: 15 },
    );
  }).timeout(60_000);

  it("is resumed by the next run, from the byte that is on the volume", async () => {
    mishaps({ cutAt: 500_000 });
    const first = await run(configFor(hub, volume, { retry: impatient }));
    assert.equal(first.error?.exitCode, 75);
    assert.equal(volume.marker, undefined);
    const [there = 0] = volume.partials();
    assert.ok(there > 0);
    assert.ok((await run(configFor(hub, volume))).marker);
    assert.deepEqual(starts(), [0, there]);
    assert.deepEqual(volume.read(MODEL), weights);
    assert.equal(existsSync(join(volume.directory, WORK)), false);
  });

  it("with a wrong byte is thrown away, loaded once more from the beginning, and then right", async () => {
    mishaps({ flipAt: 300_000 });
    const { marker } = await run(configFor(hub, volume));
    assert.ok(marker);
    assert.deepEqual(starts(), [0, 0]);
    assert.deepEqual(volume.read(MODEL), weights);
  });

  it("with a wrong byte twice fails, says both checksums, and leaves neither file nor partial nor marker", async () => {
    mishaps({ flipAt: 0 }, { flipAt: SIZE - 1 });
    const { error } = await run(configFor(hub, volume));
    assert.equal(error?.exitCode, 1);
    assert.match(error?.message ?? "", /found sha256 [0-9a-f]{64} over 600000 bytes, twice.*need [0-9a-f]{64}/);
    assert.deepEqual([volume.has(MODEL), volume.partials(), volume.marker], [false, [], undefined]);
    assert.equal(hub.gets(MODEL).length, 2);
  });

  it("with a wrong byte in the part that an earlier run left begins anew", async () => {
    mishaps({ cutAt: 500_000, flipAt: 1000 });
    await run(configFor(hub, volume, { retry: impatient }));
    assert.ok((await run(configFor(hub, volume))).marker);
    assert.equal(starts().at(-1), 0);
    assert.deepEqual(volume.read(MODEL), weights);
  });

  for (const ignoreIfRange of [false, true])
    it(`that changed between two runs is never spliced, by If-Range ${ignoreIfRange ? "ignored" : "honoured"} by the server`, async () => {
      const other = bytesOf("other", SIZE);
      mishaps({ cutAt: 500_000 });
      await run(configFor(hub, volume, { retry: impatient, allowUnchecked: true }));
      const [there = 0] = volume.partials();
      assert.ok(there > 0);
      // The listing stays as it was (a mirror that lags behind), so only the ETag tells.
      hub.files.set(MODEL, other);
      hub.answer = (seen, response) => {
        if (!seen.url.pathname.includes("/tree/")) return false;
        const entry = { type: "file", path: MODEL, size: SIZE, oid: "no" };
        hub.plain(response, 200, JSON.stringify([entry]));
        return true;
      };
      // The same sidecar as if the first listing had had no checksum either.
      const work = join(volume.directory, WORK);
      const sidecar = sidecarOf(work);
      writeFileSync(sidecar.file, JSON.stringify({ ...sidecar.value, file: { path: MODEL, size: SIZE } }));
      hub.mishap = () => ({ ignoreIfRange });
      const { marker } = await run(configFor(hub, volume, { allowUnchecked: true }));
      assert.ok(marker);
      assert.deepEqual(starts().slice(0, 2), [0, there]);
      assert.equal(hub.gets(MODEL)[1]?.headers["if-range"], sidecar.value.etag);
      assert.deepEqual(volume.read(MODEL), other);
    });

  it("without a checksum and without a strong ETag is not resumed at all", async () => {
    hub.etagOf = () => 'W/"weak"';
    hub.answer = (seen, response) => {
      if (!seen.url.pathname.includes("/tree/")) return false;
      hub.plain(response, 200, JSON.stringify([{ type: "file", path: MODEL, size: SIZE, oid: "no" }]));
      return true;
    };
    mishaps({ cutAt: 500_000 });
    assert.ok((await run(configFor(hub, volume, { allowUnchecked: true }))).marker);
    assert.deepEqual(starts(), [0, 0]);
  });

  it("of another listing is not gone on with", async () => {
    mishaps({ cutAt: 500_000 });
    await run(configFor(hub, volume, { retry: impatient }));
    hub.files.set(MODEL, bytesOf("other", SIZE));
    const { marker, lines } = await run(configFor(hub, volume));
    assert.ok(marker);
    assert.equal(lines.at(-1)?.bytesDone, SIZE);
    assert.deepEqual(starts(), [0, 0]);
    assert.deepEqual(volume.read(MODEL), hub.files.get(MODEL));
  });

  it("begins anew after a 416", async () => {
    mishaps({ cutAt: 500_000 }, { status: 416 });
    assert.ok((await run(configFor(hub, volume))).marker);
    assert.equal(starts().length, 3);
    assert.deepEqual([starts()[0], starts()[2]], [0, 0]);
    assert.deepEqual(volume.read(MODEL), weights);
  });

  it("gives up with 75 on 416 without end", async () => {
    hub.mishap = () => ({ status: 416 });
    const { error } = await run(configFor(hub, volume));
    assert.equal(error?.exitCode, 75);
    assert.match(error?.message ?? "", /do not fit together/);
    assert.equal(starts().length, 4);
  });

  it("is taken whole from a server that knows no ranges", async () => {
    mishaps({ cutAt: 500_000 }, { ignoreRange: true });
    assert.ok((await run(configFor(hub, volume))).marker);
    assert.deepEqual(
      hub.gets(MODEL).map((seen) => seen.sent),
      [500_000, SIZE],
    );
    assert.deepEqual(volume.read(MODEL), weights);
  });

  it("is asked for again no sooner than Retry-After says", async () => {
    for (let n = 0; n < 6; n += 1) hub.files.set(`part-${n}.safetensors`, bytesOf(`part${n}`, 1000));
    let refusedAt = 0;
    const later: number[] = [];
    hub.mishap = () => {
      if (refusedAt > 0) later.push(performance.now() - refusedAt);
      else refusedAt = performance.now();
      return later.length === 0 ? { status: 429, headers: { "retry-after": "1" } } : undefined;
    };
    assert.ok((await run(configFor(hub, volume, { parallel: 1 }))).marker);
    assert.ok(Math.min(...later) >= 1000, `the next request came after ${Math.min(...later)} ms`);
  });

  it("does not wait longer than it is allowed to, and ends with 75", async () => {
    hub.mishap = () => ({ status: 503, headers: { "retry-after": "7200" } });
    const { error } = await run(configFor(hub, volume));
    assert.equal(error?.exitCode, 75);
    assert.match(
      error?.message ?? "",
      /answers 503; it asks to wait 7200 s, more than retry\.retryAfterSeconds \(900\)/,
    );
    assert.equal(starts().length, 1);
  });

  it("is tried again after 5xx, and not without end", async () => {
    mishaps({ status: 500 }, { status: 502 }, { status: 504 });
    assert.ok((await run(configFor(hub, volume))).marker);
    hub.seen.length = 0;
    hub.mishap = () => ({ status: 500 });
    const other = new Volume();
    const { error } = await run(configFor(hub, other, { retry: { ...impatient, attempts: 5 } }));
    other.remove();
    assert.equal(error?.exitCode, 75);
    assert.match(error?.message ?? "", /answers 500; 5 failures in a row without a new byte/);
    assert.equal(starts().length, 5);
  });

  it("fails at once on credentials that run out on the way, keeps what it has, and goes on with new ones", async () => {
    mishaps({ cutAt: 500_000 }, { status: 401 });
    const secretDirectory = volume.secret({ token: "old" });
    const { error } = await run(configFor(hub, volume, { secretDirectory }));
    assert.equal(error?.exitCode, 1);
    assert.match(error?.message ?? "", /answers 401; the token was sent.*may have expired/);
    assert.equal(starts().length, 2);
    const [there = 0] = volume.partials();
    volume.secret({ token: "new" });
    assert.ok((await run(configFor(hub, volume, { secretDirectory }))).marker);
    assert.equal(starts().at(-1), there);
    assert.equal(hub.gets(MODEL).at(-1)?.headers.authorization, "Bearer new");
  });

  it("is given up with 75 at the deadline", async () => {
    hub.mishap = () => ({ hangAt: 100_000 });
    const { error } = await run(configFor(hub, volume, { deadlineSeconds: 1 }));
    assert.equal(error?.exitCode, 75);
    assert.match(error?.message ?? "", /not ready within deadlineSeconds \(1\)/);
    assert.equal(volume.marker, undefined);
  });

  it("of a connection that falls silent is asked for again", async () => {
    mishaps({ hangAt: 300_000 });
    assert.ok((await run(configFor(hub, volume, { idleSeconds: 1 }))).marker);
    assert.equal(starts().length, 2);
    assert.ok((starts()[1] ?? 0) > 0);
  });
});

function sidecarOf(work: string): { file: string; value: { etag?: string } } {
  const name = readdirSync(work).find((entry) => /^[0-9a-f]{32}\.json$/.test(entry)) ?? "";
  const file = join(work, name);
  return { file, value: JSON.parse(readFileSync(file, "utf8")) as { etag?: string } };
}
