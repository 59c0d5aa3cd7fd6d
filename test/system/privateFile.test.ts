import assert from "node:assert/strict";
import { linkSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createPrivate, writePrivate } from "../../system/privateFile";
import { Place } from "../support/fixtures";

describe("engine/privateFile", () => {
  let place: Place;
  let file: string;
  beforeEach(() => {
    place = new Place();
    file = place.path("settings");
  });
  afterEach(() => place.remove());
  const mode = (): string => (statSync(file).mode & 0o777).toString(8);

  it("replaces a file by another one, for its owner alone, and leaves no draft", () => {
    writeFileSync(file, "old", { mode: 0o644 });
    linkSync(file, place.path("what a reader has open"));
    writePrivate(file, "new");
    assert.deepEqual([place.read("settings"), mode()], ["new", "600"]);
    assert.equal(place.read("what a reader has open"), "old");
    assert.deepEqual(readdirSync(place.directory).sort(), ["settings", "what a reader has open"]);
  });

  it("keeps the old text when the new one cannot take its place", () => {
    place.write("settings/below", "a folder is in the way");
    assert.throws(() => writePrivate(file, "new"));
    assert.deepEqual(readdirSync(place.directory), ["settings"]);
  });

  it("makes a file once, and never replaces one", () => {
    createPrivate(file, "first");
    assert.throws(() => createPrivate(file, "second"), { code: "EEXIST" });
    assert.deepEqual(
      [readFileSync(file, "utf8"), mode(), readdirSync(place.directory)],
      ["first", "600", ["settings"]],
    );
  });
});
