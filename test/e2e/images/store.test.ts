import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { intoStore } from "../../../e2e/images/store";

describe("e2e/images/store", () => {
  let store: string;
  beforeEach(() => (store = mkdtempSync(path.join(tmpdir(), "tokenrack store-"))));
  afterEach(() => rmSync(store, { recursive: true, force: true }));

  const fill =
    (text: string) =>
    (draft: string): Promise<void> => {
      mkdirSync(draft);
      writeFileSync(path.join(draft, "file"), text);
      return Promise.resolve();
    };
  const entries = (): readonly string[] => readdirSync(store).toSorted();
  const textOf = (entry: string): string => readFileSync(path.join(entry, "file"), "utf8");

  it("an entry is made once", async () => {
    const entry = await intoStore(store, "node", "k1", fill("first"));
    const never = (): never => assert.fail("it is there");
    assert.equal(await intoStore(store, "node", "k1", never), entry);
    assert.equal(textOf(entry), "first");
    assert.deepEqual(entries(), ["node-k1"]);
  });

  it("a build that fails leaves nothing, and is made again", async () => {
    const failing = async (draft: string): Promise<void> => {
      await fill("half")(draft);
      throw new Error("no network");
    };
    await assert.rejects(intoStore(store, "node", "k1", failing), /no network/);
    assert.deepEqual(entries(), []);
    assert.equal(textOf(await intoStore(store, "node", "k1", fill("whole"))), "whole");
  });

  it("what a killed build has left goes; what a living one works on stays", async () => {
    // The first number of a process is never ours, and never started at tick 7.
    for (const name of [".partial-1-7-1", "other"]) mkdirSync(path.join(store, name));
    let seen: readonly string[] = [];
    await intoStore(store, "node", "k1", async (draft) => {
      await fill("1")(draft);
      await intoStore(store, "ray", "k1", fill("2"));
      seen = entries();
    });
    assert.equal(seen.filter((name) => name.startsWith(".partial-")).length, 1);
    assert.deepEqual(entries(), ["node-k1", "other", "ray-k1"]);
  });

  it("of two at once the first stays, for both", async () => {
    const slow = async (draft: string): Promise<void> => {
      await intoStore(store, "node", "k1", fill("fast"));
      await fill("slow")(draft);
    };
    assert.equal(textOf(await intoStore(store, "node", "k1", slow)), "fast");
    assert.deepEqual(entries(), ["node-k1"]);
  });

  it("an older entry of the same name goes", async () => {
    for (const [name, key] of [
      ["node", "k1"],
      ["ray", "k1"],
      ["node", "k2"],
    ] as const) {
      await intoStore(store, name, key, fill(key));
    }
    assert.deepEqual(entries(), ["node-k2", "ray-k1"]);
  });
});
