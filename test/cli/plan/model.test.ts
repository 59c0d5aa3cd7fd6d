import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { givenShape } from "../../../cli/plan/model";
import { Place } from "../../support/fixtures";

const config = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  hidden_size: 2048,
  intermediate_size: 8192,
  num_hidden_layers: 16,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  vocab_size: 128256,
  max_position_embeddings: 131072,
  tie_word_embeddings: true,
};

describe("--model", () => {
  let place: Place;
  beforeEach(() => {
    place = new Place();
    mkdirSync(join(place.directory, "my-model"));
    writeFileSync(join(place.directory, "my-model", "config.json"), JSON.stringify(config));
  });
  afterEach(() => place.remove());

  it("is an id of the catalogue in any case, or its last part", () => {
    for (const typed of ["Qwen/Qwen3-32B-AWQ", "qwen/qwen3-32b-awq", "qwen3-32b-awq"]) {
      assert.equal(givenShape(typed).shape.id, "Qwen/Qwen3-32B-AWQ");
    }
  });

  it("is a directory or file with a config.json, from where the user stands", () => {
    for (const typed of ["my-model", "./my-model", "my-model/config.json", join(place.directory, "my-model")]) {
      const { shape, weightBytes } = givenShape(typed, place.directory);
      assert.deepEqual([shape.id, shape.layers, weightBytes], ["my-model", 16, undefined]);
    }
  });

  it("knows the weights that lie beside it", () => {
    writeFileSync(join(place.directory, "my-model", "model.safetensors"), Buffer.alloc(1234));
    assert.equal(givenShape("my-model", place.directory).weightBytes, 1234);
  });

  it("names the nearest ids for one that nobody knows", () => {
    assert.throws(() => givenShape("Qwen/Qwen3-33B", place.directory), {
      name: "UsageError",
      message: /--model: found "Qwen\/Qwen3-33B", which is neither .*fix: did you mean Qwen\/Qwen3-32B, /,
    });
  });

  it("tells what is wrong with a config.json", () => {
    const file = join(place.directory, "my-model", "config.json");
    writeFileSync(file, "{");
    assert.throws(() => givenShape("my-model", place.directory), { name: "UsageError", message: /which is no JSON/ });
    writeFileSync(file, JSON.stringify({ ...config, model_type: "mamba", hidden_size: undefined }));
    assert.throws(() => givenShape("my-model", place.directory), {
      name: "UsageError",
      message: /config\.json: model_type: found/,
    });
  });
});
