import assert from "node:assert/strict";
import { chownSync, existsSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { privateDirectory, rayTempDirectory, removePart } from "../../local/runFiles";
import { writePrivate } from "../../system/privateFile";
import { Environment, Place } from "../support/fixtures";

const mode = (file: string): string => (statSync(file).mode & 0o777).toString(8);

describe("files of a running stack", () => {
  let place: Place;
  const caller = new Environment();
  beforeEach(() => (place = new Place()));
  afterEach(() => {
    caller.restore();
    place.remove();
  });

  it("lie in directories that only their owner can enter, also one that was open before", () => {
    place.make("open");
    privateDirectory(place.path("open"));
    privateDirectory(place.path("new", "below"));
    assert.deepEqual([mode(place.path("open")), mode(place.path("new", "below"))], ["700", "700"]);
  });

  it("are readable by their owner alone, replaced whole, and leave no draft", () => {
    writeFileSync(place.path("secret"), "old", { mode: 0o644 });
    writePrivate(place.path("secret"), "new");
    assert.deepEqual([place.read("secret"), mode(place.path("secret"))], ["new", "600"]);
    assert.deepEqual(readdirSync(place.directory), ["secret"]);
  });

  it("never go through a link that somebody laid", () => {
    place.make("elsewhere");
    symlinkSync(place.path("elsewhere"), place.path("link"));
    const before = mode(place.path("elsewhere"));
    assert.throws(() => privateDirectory(place.path("link")), /found: it is a link to another place/);
    assert.equal(mode(place.path("elsewhere")), before);
  });

  // Only root can give a directory away; for everybody else somebody else's is at hand.
  it("never lie in a directory of somebody else", () => {
    const root = process.getuid?.() === 0;
    const foreign = root ? place.make("foreign") : "/usr";
    if (root) chownSync(foreign, 12345, 12345);
    const owner = statSync(foreign).uid;
    assert.throws(() => privateDirectory(foreign), new RegExp(`found: it belongs to user ${owner}\\n`));
  });

  it("of Ray lie where a socket's path is short enough, apart for each run directory", () => {
    const long = `/home/${"long/".repeat(40)}`;
    // Ray adds session_<date>_<time>_<pid>/sockets/plasma_store: 64 bytes at most. @see unix(7), 108 with the final 0
    assert.ok(rayTempDirectory(long).length + 64 <= 107, rayTempDirectory(long));
    assert.equal(rayTempDirectory(long), rayTempDirectory(long));
    const before = rayTempDirectory(long);
    caller.set("TMPDIR", "/var/tmp");
    assert.equal(rayTempDirectory(long), before, "a stop from another shell finds it");
    assert.notEqual(rayTempDirectory(long), rayTempDirectory(`${long}2`));
  });

  it("go away part by part, Ray's own directory with Ray, the run directory with the last one", () => {
    const run = place.path("run");
    const temp = rayTempDirectory(run);
    [run, `${run}/ray`, `${run}/gateway`, temp].forEach(privateDirectory);
    removePart(run, "ray");
    assert.deepEqual([readdirSync(run), existsSync(temp)], [["gateway"], false]);
    removePart(run, "gateway");
    assert.equal(existsSync(run), false);
    removePart(run, "gateway"); // Nothing there is fine.
  });
});
