import assert from "node:assert/strict";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { doingNow, lastErrors, logDirectory } from "../../local/engineLog";
import { removePart } from "../../local/runFiles";
import { Place } from "../support/fixtures";

describe("the engine's log", () => {
  let place: Place;
  beforeEach(() => (place = new Place()));
  afterEach(() => {
    removePart(place.directory, "ray");
    place.remove();
  });
  /** Writes a log as of some second since 1970. */
  const log = (name: string, second: number, ...lines: string[]): void => {
    const file = join(logDirectory(place.directory), name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${lines.join("\n")}\n`);
    utimesSync(file, second, second);
  };
  const doing = (since = 0): string => doingNow(place.directory, since);
  const nothing = "importing Ray Serve LLM and vLLM";

  it("says nothing yet before there is a log, or a line that means something", () => {
    assert.deepEqual([doing(), lastErrors(place.directory, 0)], [nothing, []]);
    log("worker-1.err", 1, "hello");
    assert.equal(doing(), nothing);
  });

  it("tells how far the engine has come, whichever worker says so", () => {
    const steps: readonly (readonly [string, string])[] = [
      ["Initializing a V1 LLM engine (v0.29.0)", "starting the engine"],
      ["Starting to load model /m", "loading the weights"],
      ["Loading safetensors checkpoint shards:  25% Completed", "loading the weights, 25%"],
      ["Loading safetensors checkpoint shards:  75% Completed", "loading the weights, 75%"],
      ["Dynamo bytecode transform time: 2 s", "compiling for this machine"],
      ["GPU KV cache size: 1,024 tokens", "setting up the KV cache"],
      ["init engine (profile) took 3 s", "engine is up, starting the server"],
    ];
    const seen: string[] = [];
    for (const [line, words] of steps) {
      seen.push(line);
      log("worker-a.err", 1, ...seen.filter((_, index) => index % 2 === 0));
      log("worker-b.out", 1, ...seen.filter((_, index) => index % 2 === 1));
      assert.equal(doing(), words);
    }
  });

  it("keeps to workers, and to those of this deployment", () => {
    log("worker-old.err", 10, "init engine took 3 s", "RuntimeError: old");
    log("raylet.out", 30, "init engine took 3 s", "RuntimeError: raylet");
    log("worker-new.err", 30, "Starting to load model /m", "ValueError: new");
    assert.equal(doing(20_000), "loading the weights");
    assert.deepEqual(lastErrors(place.directory, 20_000), ["ValueError: new"]);
  });

  it("gives the last 8 errors", () => {
    const lines = Array.from({ length: 10 }, (_, index) => `ValueError: ${index}`);
    log("worker-1.err", 1, ...lines, "fine");
    assert.deepEqual(lastErrors(place.directory, 0), lines.slice(2));
  });
});
