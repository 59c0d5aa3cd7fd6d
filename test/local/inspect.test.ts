import assert from "node:assert/strict";
import { basename } from "node:path";
import { ProfileError } from "../../config/errors";
import { parseProfile } from "../../config/parse";
import { inspect } from "../../local/inspect";
import { environmentDirectory } from "../../local/pythonEnv";
import { Place } from "../support/fixtures";

describe("inspect", () => {
  let place: Place;
  beforeEach(() => (place = new Place()));
  afterEach(() => place.remove());
  const of = (source: string) =>
    inspect(parseProfile({ platform: { kind: "local" }, models: [{ source, name: "m" }] }), place.directory);

  it("knows the built-in model from the catalogue", () => {
    const { models, cpus, memoryGib } = of("builtin:tiny-llama");
    const shape = { contextLimit: 2048, layers: 2, kvHeads: 1, headDim: 32, dtypeBytes: 2 };
    assert.deepEqual(models, { m: { kind: "builtin", ...shape } });
    assert.ok(cpus >= 1 && memoryGib > 0);
  });

  it("knows which environments the lock files make, as they are named in the cache", () => {
    const { cpu, cuda } = of("builtin:tiny-llama").lockHashes;
    const names = (["cpu", "cuda"] as const).map((lock) => basename(environmentDirectory("/cache", lock)));
    assert.deepEqual(names, [`cpu-${cpu}`, `cuda-${cuda}`]);
  });

  it("knows nothing of a model that is yet to be downloaded", () => {
    assert.deepEqual(of("org/name").models, { m: { kind: "huggingface" } });
  });

  it("reads a model's directory, also one named from where the stack file lies", () => {
    place.write("mine/config.json", '{"num_hidden_layers":3}');
    assert.equal(of("./mine").models["m"]?.layers, 3);
    assert.equal(of(place.path("mine")).models["m"]?.layers, 3);
  });

  it("names the key of a directory that is none", () => {
    assert.throws(
      () => of("./gone"),
      (error) =>
        error instanceof ProfileError &&
        error.faults.length === 1 &&
        error.faults[0]?.path === "models[0].source" &&
        error.faults[0].found === `${place.path("gone")} does not exist`,
    );
  });
});
