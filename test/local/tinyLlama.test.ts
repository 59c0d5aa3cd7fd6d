import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { writeTinyLlama } from "../../local/tinyLlama";
import { Place } from "../support/fixtures";

/** Other bytes mean another model on every machine: change them together with a reason. */
const golden: Readonly<Record<string, string>> = {
  "config.json": "fe83a22d3d0e261d970c9b673c3928caba279659b38a3c9c40edeef010586d64",
  "generation_config.json": "45482ed5f58b9c63e09e80fa596a3ca74fba7a6e19ecbc04c3d955d39ca58e67",
  "model.safetensors": "872e1b4be52ba334602d6b426be5a48b9b5a70e9e8d4c954b6ba4c88816b6558",
  "tokenizer.json": "40662ba88d19ce9ddc579da8538c3c068e5d1b7e536bf933efcbaf4edf33c09e",
  "tokenizer_config.json": "61c5a71b1308a6a4ea2488741d306eeef00e84a70447141f4e8dc7db12dda681",
};

interface Tensor {
  readonly dtype: string;
  readonly shape: number[];
  readonly data_offsets: [number, number];
}
interface Config {
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly num_hidden_layers: number;
  readonly head_dim: number;
  readonly vocab_size: number;
}
interface Tokenizer {
  readonly added_tokens: { readonly id: number; readonly content: string }[];
  readonly model: { readonly vocab: Record<string, number> };
}

describe("the tiny Llama", () => {
  const place = new Place();
  const json = <T>(name: string): T => JSON.parse(place.read(`model/${name}`)) as T;
  before(() => writeTinyLlama(place.path("model")));
  after(() => place.remove());

  it("has the same bytes on every machine", () => {
    const hashes = readdirSync(place.path("model"))
      .sort()
      .map((name) => [
        name,
        createHash("sha256")
          .update(readFileSync(place.path("model", name)))
          .digest("hex"),
      ]);
    assert.deepEqual(Object.fromEntries(hashes), golden);
  });

  it("is a safetensors file: a padded header, tensors one after the other, the last at the end", () => {
    const file = readFileSync(place.path("model", "model.safetensors"));
    const length = Number(file.readBigUInt64LE(0));
    assert.equal(length % 8, 0);
    const { __metadata__, ...tensors } = JSON.parse(file.subarray(8, 8 + length).toString()) as Record<string, Tensor>;
    assert.deepEqual(__metadata__, { format: "pt" });
    let end = 0;
    for (const [name, { dtype, shape, data_offsets }] of Object.entries(tensors)) {
      const bytes = shape.reduce((product, size) => product * size, 1) * 2;
      assert.deepEqual([dtype, data_offsets], ["BF16", [end, end + bytes]], name);
      end += bytes;
    }
    assert.equal(file.length, 8 + length + end);
  });

  it("has exactly the tensors and shapes that its config.json promises", () => {
    const file = readFileSync(place.path("model", "model.safetensors"));
    const header = JSON.parse(file.subarray(8, 8 + Number(file.readBigUInt64LE(0))).toString()) as Record<
      string,
      Tensor
    >;
    const config = json<Config>("config.json");
    const { hidden_size: hidden, intermediate_size: inner, head_dim: dim, vocab_size: vocab } = config;
    const [queries, keys] = [config.num_attention_heads * dim, config.num_key_value_heads * dim];
    const expected: Record<string, number[]> = {
      "lm_head.weight": [vocab, hidden],
      "model.embed_tokens.weight": [vocab, hidden],
      "model.norm.weight": [hidden],
    };
    for (let layer = 0; layer < config.num_hidden_layers; layer++) {
      const shapes = {
        input_layernorm: [hidden],
        post_attention_layernorm: [hidden],
        "mlp.gate_proj": [inner, hidden],
        "mlp.up_proj": [inner, hidden],
        "mlp.down_proj": [hidden, inner],
        "self_attn.q_proj": [queries, hidden],
        "self_attn.k_proj": [keys, hidden],
        "self_attn.v_proj": [keys, hidden],
        "self_attn.o_proj": [hidden, queries],
      };
      for (const [name, shape] of Object.entries(shapes)) expected[`model.layers.${layer}.${name}.weight`] = shape;
    }
    const { __metadata__, ...tensors } = header;
    assert.ok(__metadata__);
    assert.deepEqual(Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape])), expected);
  });

  it("can read any byte: 256 of them and the special tokens, each with its own number below the vocabulary's size", () => {
    const { added_tokens, model } = json<Tokenizer>("tokenizer.json");
    const ids = Object.values(model.vocab);
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual(
      [...ids].sort((a, b) => a - b),
      Array.from({ length: 259 }, (_, id) => id),
    );
    assert.ok(ids.length <= json<Config>("config.json").vocab_size);
    for (const { id, content } of added_tokens) assert.equal(model.vocab[content], id);
    assert.deepEqual([model.vocab["a"], model.vocab["Ġ"], model.vocab["Ċ"]], [97, 32, 10]);
  });

  it("takes the place of what was there, whole, and leaves no draft", () => {
    place.write("again/old.bin", "old");
    writeTinyLlama(place.path("again"));
    assert.deepEqual(readdirSync(place.path("again")).sort(), readdirSync(place.path("model")).sort());
    assert.deepEqual(readdirSync(place.directory).sort(), ["again", "model"]);
  });
});
