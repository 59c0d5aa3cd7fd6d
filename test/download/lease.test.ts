import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Pacer } from "../../download/backoff";
import { Transient } from "../../download/faults";
import { acquire, type Lease, type LeaseOptions } from "../../download/lease";

describe("the lock on a volume", () => {
  let volume: string;
  beforeEach(() => (volume = mkdtempSync(join(tmpdir(), "tokenrack-lease-"))));
  afterEach(() => rmSync(volume, { recursive: true, force: true }));

  const never = new AbortController().signal;
  const options = (change: Partial<LeaseOptions> = {}): LeaseOptions => ({
    volume,
    times: { renewSeconds: 0.05, staleSeconds: 5 },
    signal: never,
    lost: () => undefined,
    waiting: () => Promise.resolve(false),
    ...change,
  });
  const place = (): string => join(volume, ".tokenrack-download");
  const leases = (): string[] => readdirSync(place());
  /** A lease whose holder is gone without a word. */
  const abandon = (n: number): void => {
    mkdirSync(place(), { recursive: true });
    writeFileSync(join(place(), `lease.${n}`), JSON.stringify({ holder: "gone 1 abc", beat: 3, released: false }));
  };
  const taken = async (change: Partial<LeaseOptions> = {}): Promise<Lease> => {
    const lease = await acquire(options(change));
    assert.ok(lease);
    return lease;
  };

  it("is held by one at a time, of many who want it", async () => {
    let inside = 0;
    let most = 0;
    const one = async (): Promise<void> => {
      const lease = await taken();
      inside += 1;
      most = Math.max(most, inside);
      await pause(5);
      inside -= 1;
      await lease.release();
    };
    await Promise.all(Array.from({ length: 8 }, one));
    assert.equal(most, 1);
    assert.deepEqual(leases(), ["lease.8"]);
  }).timeout(30_000);

  it("left by a dead holder is taken over by one of many, though all see it stale at the same moment", async () => {
    abandon(7);
    let inside = 0;
    let most = 0;
    const one = async (): Promise<void> => {
      const lease = await taken({ times: { renewSeconds: 0.05, staleSeconds: 0.3 } });
      inside += 1;
      most = Math.max(most, inside);
      await pause(10);
      inside -= 1;
      await lease.release();
    };
    await Promise.all(Array.from({ length: 6 }, one));
    assert.equal(most, 1);
    assert.deepEqual(leases(), ["lease.13"]);
  }).timeout(30_000);

  it("is not taken from a holder that shows signs of life", async () => {
    const lease = await taken();
    const stop = new AbortController();
    let looks = 0;
    const second = acquire(
      options({
        times: { renewSeconds: 0.05, staleSeconds: 1 },
        signal: stop.signal,
        waiting: () => {
          looks += 1;
          if (looks === 40) stop.abort(new Transient("enough"));
          return Promise.resolve(false);
        },
      }),
    );
    await assert.rejects(second, /enough/);
    lease.check();
    await lease.release();
    await (await taken()).release();
  });

  it("is not waited for any more when there is nothing left to do", async () => {
    const lease = await taken();
    const holders: string[] = [];
    const waiting = (holder: string): Promise<boolean> => Promise.resolve(holders.push(holder) === 3);
    assert.equal(await acquire(options({ waiting })), undefined);
    assert.match(holders[0] ?? "", new RegExp(` ${process.pid} `));
    await lease.release();
  });

  it("that another one took tells its holder to stop, and is not given back by it", async () => {
    let told: Transient | undefined;
    const lease = await taken({ lost: (reason) => (told = reason) });
    await writeFile(join(place(), "lease.2"), JSON.stringify({ holder: "other", beat: 1, released: false }));
    while (told === undefined) await pause(5);
    assert.throws(() => lease.check(), /was lost \(another one took over\)/);
    await lease.release();
    assert.doesNotMatch(await readFile(join(place(), "lease.2"), "utf8"), /"released":true/);
  });

  it("that could not be renewed in time stops its holder before anybody may take over", async () => {
    const lease = await taken({ times: { renewSeconds: 60, staleSeconds: 0.3 } });
    await pause(200);
    assert.throws(() => lease.check(), /not renewed in time/);
    await lease.release();
  });

  it("that was just being made when its holder died counts as held, then as stale", async () => {
    abandon(1);
    writeFileSync(join(place(), "lease.2"), "");
    const seen: string[] = [];
    const lease = await taken({
      times: { renewSeconds: 0.05, staleSeconds: 0.3 },
      waiting: (holder) => Promise.resolve(seen.push(holder) < 0),
    });
    assert.ok(seen.length > 0 && seen.every((holder) => holder === "unknown"));
    await lease.release();
    assert.deepEqual(leases(), ["lease.3"]);
  });
});

describe("waiting for a busy hub", () => {
  const settings = { firstMilliseconds: 10, mostMilliseconds: 10, attempts: 3, retryAfterSeconds: 900 };

  it("that asks one request to wait holds back all of them", async () => {
    const notes: string[] = [];
    const pacer = new Pacer(settings, new AbortController().signal, (note) => notes.push(note));
    const order: string[] = [];
    const first = pacer.persist("a", () => {
      order.push("a");
      if (order.length === 1) throw new Transient("hub answers 429", 200);
      return Promise.resolve();
    });
    await pause(10);
    const at = performance.now();
    const second = pacer.persist("b", () => Promise.resolve(performance.now() - at));
    await first;
    assert.ok((await second) > 150);
    assert.deepEqual(notes, ["a: hub answers 429; waits 1 s as it asks"]);
  });

  it("counts failures anew after each new byte", async () => {
    const pacer = new Pacer(settings, new AbortController().signal, () => undefined);
    let n = 0;
    const done = await pacer.persist("a", (gained) => {
      n += 1;
      if (n % 2 === 0) gained();
      if (n < 9) throw new Transient("cut");
      return Promise.resolve("done");
    });
    assert.equal(done, "done");
  });
});
