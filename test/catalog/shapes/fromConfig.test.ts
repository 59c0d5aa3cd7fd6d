import assert from "node:assert/strict";
import { z } from "zod";
import { modelShape, type ModelShape } from "../../../catalog/modelShapes";
import { shapeFromConfig, type ShapeFault } from "../../../catalog/shapes/fromConfig";
import { configs, phi4Mini } from "./configs";
import { qwenVision } from "./hybridConfigs";

type Config = Readonly<Record<string, unknown>>;

function shapeOf(config: Config): ModelShape {
  const result = shapeFromConfig(config, "own/model");
  if ("faults" in result) assert.fail(result.faults.map(({ path, found }) => `${path}: ${found}`).join("; "));
  return result.shape;
}

function faultsOf(config: unknown): readonly ShapeFault[] {
  const result = shapeFromConfig(config, "own/model");
  if ("shape" in result) assert.fail("a shape, where a fault was due");
  return result.faults;
}

/** A published config with some keys changed. */
const changed = (id: string, keys: Config): Config => ({ ...configs[id], ...keys });

const llama = "meta-llama/Llama-3.1-8B-Instruct";
const next = "Qwen/Qwen3-Next-80B-A3B-Instruct";
const quantized = (config: Config): Config => changed(llama, { quantization_config: config });

const weights = (own: Config): Config => ({
  quant_method: "compressed-tensors",
  config_groups: { group_0: { weights: { num_bits: 4, type: "int", group_size: 128, ...own } } },
});

/** What memory depends on: all but names and where it comes from. */
const labels: ReadonlySet<string> = new Set(["id", "source", "date", "verified", "publishedParams"]);
const numbers = (shape: ModelShape): object =>
  Object.fromEntries(Object.entries(shape).filter(([key]) => !labels.has(key)));

describe("catalog/shapes/fromConfig", () => {
  for (const [id, config] of Object.entries(configs)) {
    it(`reads the shape of ${id} as the catalogue has it`, () => {
      const known = modelShape(id);
      assert.ok(known !== undefined);
      const shape = shapeOf(config);
      assert.deepEqual(numbers(shape), numbers(known));
      assert.equal(shape.id, "own/model");
      assert.equal(shape.verified, true);
    });
  }

  it("counts both rotary tables of long rope, and drops a window that is longer than the context", () => {
    const { rope, sliding, tied, maxContext } = shapeOf(phi4Mini);
    assert.deepEqual(
      { rope, sliding, tied, maxContext },
      { rope: { rows: 135168, dim: 96 }, sliding: undefined, tied: true, maxContext: 131072 },
    );
  });

  it("derives the context as vLLM does", () => {
    const scaled = (scaling: Config, keys: Config = {}): number =>
      shapeOf(changed("Qwen/Qwen2.5-7B-Instruct", { rope_scaling: scaling, ...keys })).maxContext;
    const original = { original_max_position_embeddings: 32768 };
    assert.equal(scaled({ type: "yarn", factor: 4, ...original }), 131072);
    assert.equal(scaled({ type: "yarn", factor: 4, ...original }, { max_position_embeddings: 131072 }), 131072);
    assert.equal(scaled({ rope_type: "linear", factor: 2 }), 65536);
    assert.equal(scaled({ rope_type: "dynamic", factor: 2 }), 65536);
    assert.equal(scaled({ rope_type: "llama3", factor: 8, ...original }), 32768);
    assert.equal(scaled({ type: "su", factor: 8, original_max_position_embeddings: 4096 }), 32768);
    assert.equal(scaled({}, { rope_parameters: { rope_type: "yarn", factor: 2, ...original } }), 65536);
  });

  it("reads windows: all layers, by kind of layer, and only when they are used", () => {
    const mistral = "mistralai/Mistral-7B-Instruct-v0.3";
    assert.deepEqual(shapeOf(changed(mistral, { sliding_window: 4096 })).sliding, { window: 4096, globalEvery: 33 });
    const qwen = { sliding_window: 4096, use_sliding_window: true };
    assert.deepEqual(shapeOf(changed("Qwen/Qwen2.5-7B-Instruct", { ...qwen, max_window_layers: 0 })).sliding, {
      window: 4096,
      globalEvery: 29,
    });
    assert.equal(shapeOf(changed("Qwen/Qwen2.5-7B-Instruct", qwen)).sliding, undefined);
    const kinds = Array.from({ length: 26 }, (_, index) => (index % 4 === 3 ? "full_attention" : "sliding_attention"));
    const gemma = changed("google/gemma-3-1b-it", { layer_types: kinds });
    assert.deepEqual(shapeOf(gemma).sliding, { window: 512, globalEvery: 4 });
  });

  it("reads Gemma 2, GLM 4, Qwen2 MoE and DeepSeek V2", () => {
    const gemma2 = shapeOf(
      changed("google/gemma-3-1b-it", { model_type: "gemma2", sliding_window_pattern: undefined }),
    );
    assert.deepEqual([gemma2.norms, gemma2.qkNorm, gemma2.tied], [4, false, true]);
    assert.deepEqual([gemma2.sliding?.globalEvery, gemma2.rope.rows], [2, 32768]);
    const glm = shapeOf(changed(llama, { model_type: "glm4", attention_bias: true, rope_scaling: null }));
    assert.deepEqual([glm.norms, glm.qkvBias, glm.outBias, glm.rope.dim], [4, true, false, 64]);
    const experts = { num_experts: 60, num_experts_per_tok: 4, moe_intermediate_size: 1408 };
    const moe = shapeOf(changed(llama, { model_type: "qwen2_moe", ...experts, shared_expert_intermediate_size: 5632 }));
    assert.deepEqual(moe.moe, {
      experts: 60,
      perToken: 4,
      intermediate: 1408,
      sharedIntermediate: 5632,
      sharedGate: true,
      denseLayers: 0,
      biases: false,
      routerCorrection: false,
    });
    const v2 = shapeOf(changed("deepseek-ai/DeepSeek-V3", { model_type: "deepseek_v2", topk_method: "greedy" }));
    assert.equal(v2.moe?.routerCorrection, false);
  });

  it("reads linear attention by its interval, and without pictures plain positions", () => {
    const kinds = Array.from({ length: 48 }, (_, index) => (index % 4 === 3 ? "full_attention" : "linear_attention"));
    const byKind = shapeOf(changed(next, { layer_types: kinds, full_attention_interval: undefined }));
    assert.deepEqual(byKind.linear, modelShape(next)?.linear);
    assert.equal(shapeOf(changed(next, { full_attention_interval: 6 })).linear?.fullEvery, 6);
    const { text_config: text } = z.object({ text_config: z.looseObject({}) }).parse(configs["Qwen/Qwen3.8-27B"]);
    assert.deepEqual(shapeOf(text).rope, { rows: 262144, dim: 64 });
    assert.equal(shapeOf(text).linear?.stateBytes, 4);
  });

  it("reads which parts a quantization leaves in 16 bit, whoever wrote the list", () => {
    const gptqOf = (dynamic: Config) => ({ quant_method: "gptq", bits: 4, group_size: 128, sym: true, dynamic });
    const all = (name: string): string[] => Array.from({ length: 48 }, (_, index) => `model.layers.${index}.${name}`);
    const partsOf = (quantization_config: Config): unknown =>
      shapeOf(changed(next, { quantization_config })).plainParts;
    assert.deepEqual(partsOf(gptqOf({ "-:.*attn.*": {}, "-:.*shared_expert.*": {}, "-:.*mtp.*": {} })), [
      "attention",
      "linear",
      "shared",
    ]);
    assert.deepEqual(partsOf({ ...weights({}), ignore: ["lm_head", ...all("linear_attn.out_proj")] }), ["linear"]);
    assert.deepEqual(partsOf({ ...weights({}), ignore: ["re:.*self_attn.*", "re:("] }), ["attention"]);
    const awq = { quant_method: "awq", bits: 4, group_size: 128, zero_point: true };
    assert.deepEqual(partsOf({ ...awq, modules_to_not_convert: ["shared_expert"] }), ["shared"]);
    const fp8 = { quant_method: "fp8", weight_block_size: [128, 128] };
    const small = [...all("linear_attn.in_proj_ba"), ...all("mlp.shared_expert_gate"), "model.layers.0.self_attn"];
    assert.equal(partsOf({ ...fp8, modules_to_not_convert: small }), undefined);
  });

  it("counts the mergers of Qwen3-VL's tower", () => {
    const vision = { ...qwenVision, out_hidden_size: 4096, deepstack_visual_indexes: [8, 16, 24] };
    const text = {
      ...configs["Qwen/Qwen3-32B-AWQ"],
      quantization_config: null,
      hidden_size: 4096,
      model_type: "qwen3_vl_text",
    };
    const shape = shapeOf({ model_type: "qwen3_vl", text_config: text, vision_config: vision });
    // As transformers builds it.
    assert.deepEqual([shape.visionParams, shape.verified], [576_388_336, true]);
  });

  it("estimates other vision towers and says so", () => {
    const text = { ...configs["mistralai/Mistral-7B-Instruct-v0.3"], model_type: "mistral" };
    const tower = { hidden_size: 1024, num_hidden_layers: 24, intermediate_size: 4096, patch_size: 14 };
    const shape = shapeOf({ model_type: "mistral3", text_config: text, vision_config: tower });
    assert.equal(shape.verified, false);
    assert.ok((shape.visionParams ?? 0) > 24 * (4 * 1024 ** 2 + 3 * 1024 * 4096));
  });

  const formats: readonly (readonly [name: string, config: Config, expected: unknown])[] = [
    ["GPTQ", { quant_method: "gptq", bits: 4, group_size: 64, sym: true }, { format: "int4", group: 64, zeros: false }],
    [
      "AWQ as llm-awq writes it",
      { quant_method: "awq", w_bit: 4, q_group_size: 32, zero_point: true },
      { format: "int4", group: 32, zeros: true },
    ],
    ["FP8 without blocks", { quant_method: "fp8", activation_scheme: "static" }, { format: "fp8", scales: "channel" }],
  ];
  for (const [name, config, expected] of formats) {
    it(`reads ${name}`, () => assert.deepEqual(shapeOf(quantized(config)).quantization, expected));
  }

  const refused: readonly (readonly [name: string, config: unknown, path: string, found: RegExp])[] = [
    ["what is no object", "llama", "(config)", /"llama"/],
    ["no model type", {}, "model_type", /nothing/],
    ["an unknown type", changed(llama, { model_type: "novel" }), "model_type", /"novel"/],
    ["other linear attention", changed(llama, { model_type: "kimi_linear" }), "model_type", /linear attention/],
    ["an ungated output", changed(next, { attn_output_gate: false }), "(config)", /linear attention/],
    [
      "linear attention without a pattern",
      changed(next, { layer_types: [...Array<string>(47).fill("linear_attention"), "full_attention"].reverse() }),
      "(config)",
      /linear attention/,
    ],
    ["a missing width", changed(next, { linear_key_head_dim: "wide" }), "linear_key_head_dim", /"wide"/],
    ["Mamba", changed(llama, { model_type: "nemotron_h" }), "model_type", /Mamba/],
    ["an encoder", changed(llama, { model_type: "modernbert" }), "model_type", /encoder/],
    ["a classifier", changed(llama, { architectures: ["LlamaForSequenceClassification"] }), "architectures", /Llama/],
    ["a missing size", changed(llama, { hidden_size: undefined }), "hidden_size", /nothing/],
    ["half a layer", changed(llama, { num_hidden_layers: 1.5 }), "num_hidden_layers", /1\.5/],
    ["heads that do not divide", changed(llama, { num_attention_heads: 33 }), "head_dim", /4096 over 33/],
    ["chunked layers", changed(llama, { layer_types: ["chunked_attention"] }), "layer_types", /chunked/],
    [
      "an irregular pattern",
      changed("google/gemma-3-1b-it", {
        layer_types: ["full_attention", ...Array<string>(25).fill("sliding_attention")],
      }),
      "layer_types",
      /global layers 0/,
    ],
    ["uncompressed queries", changed("deepseek-ai/DeepSeek-V3", { q_lora_rank: null }), "(config)", /latent/],
    [
      "experts in every second layer",
      changed("Qwen/Qwen3-235B-A22B-Instruct-2507-FP8", { decoder_sparse_step: 2 }),
      "(config)",
      /experts/,
    ],
    ["bitsandbytes", quantized({ quant_method: "bitsandbytes" }), "quantization_config.quant_method", /does not know/],
    ["gguf", quantized({ quant_method: "gguf" }), "quantization_config.quant_method", /"gguf".*does not know/],
    ["modelopt", quantized({ quant_method: "modelopt" }), "quantization_config.quant_method", /this planner does not/],
    [
      "AWQ of 8 bits",
      quantized({ quant_method: "awq", bits: 8, group_size: 128, zero_point: true }),
      "quantization_config.bits",
      /8/,
    ],
    [
      "act-order",
      quantized({ quant_method: "gptq", bits: 4, group_size: 128, desc_act: true }),
      "quantization_config.desc_act",
      /act-order/,
    ],
    [
      "asymmetric GPTQ",
      quantized({ quant_method: "gptq", bits: 4, group_size: 128, sym: false }),
      "quantization_config.sym",
      /false/,
    ],
    [
      "FP8 in other blocks",
      quantized({ quant_method: "fp8", weight_block_size: [64, 64] }),
      "quantization_config.weight_block_size",
      /64/,
    ],
    [
      "8-bit integers",
      quantized(weights({ num_bits: 8 })),
      "quantization_config.config_groups.group_0.weights",
      /8 bits/,
    ],
    [
      "grouped act-order",
      quantized(weights({ actorder: "group" })),
      "quantization_config.config_groups.group_0.weights.actorder",
      /group/,
    ],
  ];
  for (const [name, config, path, found] of refused) {
    it(`refuses ${name}, and says where`, () => {
      const [fault, ...more] = faultsOf(config);
      assert.equal(fault?.path, path);
      assert.match(fault.found, found);
      assert.ok(fault.needed.length > 0 && fault.fix.length > 0);
      assert.deepEqual(more, []);
    });
  }

  it("tells all faults of a language model at once, with its place", () => {
    const broken = {
      ...configs["google/gemma-3-4b-it"],
      text_config: { model_type: "gemma3_text", hidden_size: "2560" },
    };
    assert.deepEqual(
      faultsOf(broken).map(({ path }) => path),
      ["text_config.hidden_size", "text_config.num_hidden_layers", "text_config.intermediate_size"],
    );
  });
});
