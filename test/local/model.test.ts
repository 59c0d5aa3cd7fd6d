import assert from "node:assert/strict";
import { existsSync, symlinkSync } from "node:fs";
import { inspectDirectory, provideModel } from "../../local/model";
import { ModelFault } from "../../local/modelFault";
import { LocalError } from "../../local/report";
import { Environment, errorOf, fields, Place, quiet } from "../support/fixtures";

const llama = {
  max_position_embeddings: 4096,
  num_hidden_layers: 16,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  hidden_size: 2048,
};
const facts = { kind: "directory", contextLimit: 4096, layers: 16, kvHeads: 8, headDim: 64, dtypeBytes: 2 };
const unknown = { contextLimit: undefined, layers: undefined, kvHeads: undefined, headDim: undefined };

describe("inspectDirectory", () => {
  let place: Place;
  beforeEach(() => (place = new Place()));
  afterEach(() => place.remove());

  const good: readonly (readonly [string, object, object])[] = [
    ["a plain config.json", llama, facts],
    ["head_dim where it stands", { ...llama, head_dim: 128 }, { ...facts, headDim: 128 }],
    ["head_dim null", { ...llama, head_dim: null }, facts],
    [
      "no key and value heads: one for each head",
      { ...llama, num_key_value_heads: undefined },
      { ...facts, kvHeads: 32 },
    ],
    ["a nested text_config", { vision_config: { hidden_size: 9 }, text_config: llama }, facts],
    ["a text_config over what stands outside", { hidden_size: 7, ...{ text_config: llama } }, facts],
    ["nothing the planner needs", { model_type: "odd" }, { kind: "directory", dtypeBytes: 2, ...unknown }],
  ];
  for (const [what, config, expected] of good)
    it(`takes ${what}`, () => {
      place.write("config.json", JSON.stringify(config));
      assert.deepEqual(inspectDirectory(place.directory), expected);
    });

  const weighed: readonly (readonly [string, Readonly<Record<string, number>>, number])[] = [
    ["all shards", { "model-00001-of-00002.safetensors": 70, "model-00002-of-00002.safetensors": 30, "x.bin": 9 }, 100],
    ["shards and not the same once more", { "model.safetensors": 70, "consolidated.safetensors": 70 }, 70],
    ["one consolidated file where there is no other", { "consolidated.safetensors": 70 }, 70],
  ];
  for (const [what, files, expected] of weighed)
    it(`weighs ${what}`, () => {
      place.write("config.json", "{}");
      for (const [name, size] of Object.entries(files)) place.write(name, "w".repeat(size));
      assert.equal(inspectDirectory(place.directory).weightsBytes, expected);
    });

  it("weighs what a link leads to, as a download has it", () => {
    place.write("config.json", "{}");
    symlinkSync(place.write("blobs/0123", "w".repeat(50)), place.path("model.safetensors"));
    assert.equal(inspectDirectory(place.directory).weightsBytes, 50);
  });

  const bad: readonly (readonly [string, string | undefined, RegExp])[] = [
    ["a directory without config.json", undefined, /^\/.* has no config\.json$/],
    ["what is not JSON", "garbage", /config\.json is not a model's configuration$/],
    ["a list", "[]", /is not a model's configuration$/],
    ["numbers that are none", '{"num_hidden_layers":"16"}', /is not a model's configuration$/],
    ["a negative number", '{"text_config":{"hidden_size":-1}}', /is not a model's configuration$/],
  ];
  for (const [what, text, found] of bad)
    it(`refuses ${what}, with the four fields`, () => {
      if (text !== undefined) place.write("config.json", text);
      assert.throws(
        () => inspectDirectory(place.directory),
        (error) =>
          error instanceof ModelFault && found.test(error.fault.found) && found.test(fields(error.message).found),
      );
    });

  it("refuses a directory that is not there", () => {
    const gone = place.path("gone");
    assert.throws(
      () => inspectDirectory(gone),
      (error) => error instanceof ModelFault && error.fault.found === `${gone} does not exist`,
    );
  });
});

describe("provideModel", () => {
  quiet();
  let place: Place;
  beforeEach(() => (place = new Place()));
  afterEach(() => place.remove());
  const request = (kind: "builtin" | "directory" | "huggingface", source: string) => ({
    kind,
    source,
    cacheDirectory: place.path("cache"),
    pythonDirectory: place.path("python"),
  });

  it("makes the built-in model in the cache", async () => {
    const directory = await provideModel(request("builtin", "builtin:tiny-llama"));
    assert.equal(directory, place.path("cache", "models", "tiny-llama"));
    assert.equal(inspectDirectory(directory).contextLimit, 2048);
  });

  it("gives a directory back as it is, and leaves it alone", async () => {
    place.write("mine/config.json", JSON.stringify(llama));
    assert.equal(await provideModel(request("directory", place.path("mine"))), place.path("mine"));
    await assert.rejects(provideModel(request("directory", place.path("gone"))), ModelFault);
    assert.equal(existsSync(place.path("cache")), false);
  });

  it("downloads into the cache, at the revision asked for, without pickled weights", async () => {
    place.write("snapshot/config.json", "{}");
    place.program(
      "python/bin/hf",
      `printf '%s\\n' "$HF_HOME" "$HF_TOKEN $ANY" "$@" > ${place.path("calls")}; echo Warning: slow >&2; echo ${place.path("snapshot")}`,
    );
    const caller = new Environment();
    caller.set("HF_TOKEN", "the-token");
    caller.set("ANY", "CANARY");
    const directory = await provideModel({ ...request("huggingface", "org/name"), revision: "abc" });
    caller.restore();
    assert.equal(directory, place.path("snapshot"));
    const [home, inherits, ...args] = place.read("calls").trim().split("\n");
    assert.equal(inherits, "the-token ");
    assert.equal(home, place.path("cache", "huggingface"));
    assert.deepEqual(args.slice(0, 5), ["download", "org/name", "--revision", "abc", "--quiet"]);
    assert.match(args.slice(5).join(" "), /^--exclude \*\.bin --exclude \*\.pt --exclude \*\.pth( --exclude \S+)*$/);
  });

  it("is not content with a download that broke off, or that brought no model", async () => {
    place.write("snapshot/config.json", "{}");
    place.program("python/bin/hf", `echo ${place.path("snapshot")}; exit 1`);
    await assert.rejects(provideModel(request("huggingface", "org/name")), LocalError);
    place.program("python/bin/hf", `echo ${place.make("empty")}`);
    await assert.rejects(provideModel(request("huggingface", "org/name")), LocalError);
  });

  it("refuses a planned context that the downloaded model cannot do", async () => {
    place.write("snapshot/config.json", JSON.stringify(llama));
    place.program("python/bin/hf", `echo ${place.path("snapshot")}`);
    const planned = (maxModelLen: number) => provideModel({ ...request("huggingface", "org/name"), maxModelLen });
    assert.equal(await planned(4096), place.path("snapshot"));
    const { checked, found, fix } = fields((await errorOf(planned(4097))).message);
    assert.deepEqual([checked, found], ["the context of org/name", "4097 tokens planned"]);
    assert.match(fix, /`contextTokens: 4096` or less/);
  });

  it("says in four fields why a download failed", async () => {
    place.program("python/bin/hf", "echo 'Repository Not Found' >&2; exit 1");
    const error = await errorOf(provideModel(request("huggingface", "org/name")));
    assert.ok(error instanceof LocalError);
    const { checked, found, fix } = fields(error.message);
    assert.deepEqual([checked, found], ["the model org/name on Hugging Face", "Repository Not Found"]);
    assert.match(fix, /models\[\]\.source/);
  });
});
