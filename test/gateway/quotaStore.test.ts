import assert from "node:assert/strict";
import fc from "fast-check";
import { carried, MemoryStore, takenFrom, windowsUntilFit } from "../../gateway/quotaStore";

const MINUTE = 60_000;

describe("a quota", () => {
  let nowMs: number;
  let store: MemoryStore;
  beforeEach(() => {
    nowMs = 10 * MINUTE;
    store = new MemoryStore(() => nowMs);
  });
  const take = async (cost: number, limit = 10, key = "a"): Promise<[boolean, number]> => {
    const { taken, used } = await store.take({ key, cost, limit });
    return [taken, used];
  };

  it("takes all or nothing: what does not fit leaves room for what does", async () => {
    assert.deepEqual(await take(6), [true, 6]);
    assert.deepEqual(await take(6), [false, 6]);
    assert.deepEqual(await take(4), [true, 10]);
    assert.deepEqual(await take(1), [false, 10]);
    assert.deepEqual(await take(10, 10, "b"), [true, 10]);
  });

  it("starts anew with the minute, and says when that is", async () => {
    nowMs += 45_000;
    assert.equal((await store.take({ key: "a", cost: 10, limit: 10 })).resetMs, 15_000);
    nowMs += 14_999;
    assert.equal((await take(1))[0], false);
    nowMs += 1;
    assert.deepEqual(await take(1), [true, 1]);
  });

  it("is owed what was used over it: the next minutes give that much less", async () => {
    const taking = { key: "a", cost: 10, limit: 10 };
    await takenFrom(store, taking, await store.take(taking)).settle(25);
    nowMs += MINUTE;
    assert.deepEqual(await take(1), [false, 15]);
    nowMs += MINUTE;
    assert.deepEqual(await take(5), [true, 10]);
    nowMs += MINUTE;
    assert.deepEqual(await take(10), [true, 10]);
  });

  it("gives back what was reserved and not used, in its own minute only, and once", async () => {
    const taking = { key: "a", cost: 8, limit: 10 };
    const early = takenFrom(store, taking, await store.take(taking));
    await early.settle(3);
    await early.settle(0);
    assert.deepEqual(await take(7), [true, 10]);
    const late = takenFrom(store, { ...taking, key: "b" }, await store.take({ ...taking, key: "b" }));
    nowMs += MINUTE;
    await take(5, 10, "b");
    await late.settle(0);
    assert.deepEqual(await take(0, 10, "b"), [true, 5]);
  });

  it("counts in the minute at hand what a request used over its reservation", async () => {
    const taking = { key: "a", cost: 2, limit: 10 };
    const late = takenFrom(store, taking, await store.take(taking));
    nowMs += 5 * MINUTE;
    await late.settle(9);
    assert.deepEqual(await take(0), [true, 7]);
  });

  it("takes nothing back for what was refused", async () => {
    await take(10);
    const taking = { key: "a", cost: 5, limit: 10 };
    await takenFrom(store, taking, await store.take(taking)).settle(0);
    assert.deepEqual(await take(0), [true, 10]);
  });

  it("forgets subjects of minutes past, but not those that owe", async () => {
    for (let i = 0; i < 100; i += 1) await take(1, 10, `subject ${i}`);
    const taking = { key: "owes", cost: 10, limit: 10 };
    await takenFrom(store, taking, await store.take(taking)).settle(35);
    nowMs += MINUTE;
    await take(1, 10, "now");
    assert.equal(store.size, 2);
  });

  it("never lets more through in a minute than its limit, whatever is asked and settled (property)", async () => {
    const step = fc.record({ cost: fc.integer({ min: 0, max: 12 }), actual: fc.integer({ min: 0, max: 12 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const fresh = new MemoryStore(() => nowMs);
        let used = 0;
        for (const { cost, actual } of steps) {
          const taking = { key: "k", cost, limit: 30 };
          const taken = takenFrom(fresh, taking, await fresh.take(taking));
          if (!taken.taken) continue;
          used += Math.min(actual, cost);
          await taken.settle(Math.min(actual, cost));
        }
        assert.ok(used <= 30);
        assert.equal((await fresh.take({ key: "k", cost: 0, limit: 30 })).used, used);
      }),
    );
  });

  it("says how many minutes a refused cost has to wait", () => {
    assert.equal(windowsUntilFit(10, 1, 10), 1);
    assert.equal(windowsUntilFit(20, 1, 10), 2);
    assert.equal(windowsUntilFit(35, 10, 10), 4);
    for (const [used, cost] of [
      [10, 1],
      [20, 1],
      [35, 10],
      [11, 9],
    ] as const) {
      const windows = windowsUntilFit(used, cost, 10);
      assert.ok(carried({ window: 0, used }, windows, 10) + cost <= 10);
      assert.ok(windows === 1 || carried({ window: 0, used }, windows - 1, 10) + cost > 10);
    }
  });
});
