import assert from "node:assert/strict";
import { ApiError } from "../../gateway/errors";
import { MemoryStore, type QuotaStore } from "../../gateway/quotaStore";
import { SharedStore } from "../../gateway/sharedStore";

/** A shared store that can be cut off. */
class Remote implements QuotaStore {
  readonly store = new MemoryStore(() => 0);
  up = true;
  asked = 0;

  async take(...how: Parameters<QuotaStore["take"]>): ReturnType<QuotaStore["take"]> {
    this.asked += 1;
    if (!this.up) throw new Error("gone");
    return this.store.take(...how);
  }

  async settle(...how: Parameters<QuotaStore["settle"]>): Promise<void> {
    if (!this.up) throw new Error("gone");
    return this.store.settle(...how);
  }
}

describe("quotas shared between replicas", () => {
  let remote: Remote;
  let nowMs: number;
  let states: string[];
  const make = (whenLost: "failOpen" | "failClosed"): SharedStore =>
    new SharedStore(
      remote,
      { whenLost, replicas: 2 },
      (state) => states.push(state),
      () => nowMs,
    );
  const taking = { key: "a", cost: 1, limit: 10 };
  beforeEach(() => {
    remote = new Remote();
    nowMs = 0;
    states = [];
  });

  it("are one quota for all who ask the same store", async () => {
    const [one, two] = [make("failOpen"), make("failOpen")];
    for (let i = 0; i < 5; i += 1) for (const each of [one, two]) assert.ok((await each.take(taking)).taken);
    assert.equal((await one.take(taking)).taken, false);
    assert.equal((await two.take(taking)).taken, false);
  });

  it("are each replica's share while the store is lost, and one again when it is back", async () => {
    const shared = make("failOpen");
    remote.up = false;
    for (let i = 0; i < 5; i += 1) {
      const { taken, limit } = await shared.take(taking);
      assert.deepEqual([taken, limit], [true, 5]);
    }
    assert.equal((await shared.take(taking)).taken, false);
    assert.ok((await shared.take({ ...taking, key: "b", cost: 9 })).taken, "what is more than a share takes all of it");
    remote.up = true;
    nowMs += 1000;
    const { taken, limit } = await shared.take(taking);
    assert.deepEqual([taken, limit, states], [true, 10, ["lost", "back"]]);
  });

  it("refuse everybody with failClosed, with a time to come back", async () => {
    const shared = make("failClosed");
    remote.up = false;
    for (let i = 0; i < 2; i += 1)
      await assert.rejects(shared.take(taking), (error) => {
        assert.ok(error instanceof ApiError);
        assert.deepEqual([error.status, error.headers()], [503, { "retry-after": "5" }]);
        return true;
      });
    remote.up = true;
    nowMs += 1000;
    assert.ok((await shared.take(taking)).taken);
  });

  it("ask a store that is lost once a second, so that one that hangs delays one request a second", async () => {
    const shared = make("failOpen");
    remote.up = false;
    await shared.take(taking);
    await Promise.all(Array.from({ length: 50 }, () => shared.take(taking)));
    assert.equal(remote.asked, 1);
    nowMs += 1000;
    await Promise.all(Array.from({ length: 50 }, () => shared.take(taking)));
    assert.equal(remote.asked, 2);
    assert.deepEqual(states, ["lost"]);
  });

  it("are settled where they were taken", async () => {
    const shared = make("failOpen");
    const before = await shared.take({ ...taking, cost: 8 });
    await before.settle(2);
    assert.equal((await remote.store.take({ ...taking, cost: 0 })).used, 2);
    remote.up = false;
    const during = await shared.take({ ...taking, cost: 5 });
    remote.up = true;
    nowMs += 1000;
    await shared.take({ ...taking, cost: 0 });
    await during.settle(1);
    assert.equal((await remote.store.take({ ...taking, cost: 0 })).used, 2, "what was counted here stays here");
    assert.equal((await remote.store.take({ ...taking, cost: 8 })).taken, true);
  });
});
