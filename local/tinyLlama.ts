/**
 * Makes a tiny Llama with random weights: real files in the real formats, so that vLLM loads it like any model, and so
 * small that a CPU answers at once. Its words are noise. The same bytes on every machine: the random numbers are seeded.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { builtinModels } from "../catalog/models";

const shape = builtinModels["builtin:tiny-llama"];

/** GPT-2's byte-to-character table: every byte becomes a printable character. @see openai/gpt-2 src/encoder.py */
function byteAlphabet(): string[] {
  const printable = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
  let shifted = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : shifted++));
}

const special = { bos: 256, eos: 257, pad: 258 } as const;

function tokenizer(): object {
  const names: [string, number][] = [
    ["<s>", special.bos],
    ["</s>", special.eos],
    ["<pad>", special.pad],
  ];
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: names.map(([content, id]) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries([...byteAlphabet().map((char, id) => [char, id] as const), ...names]),
      merges: [],
    },
  };
}

function config(): object {
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    attention_bias: false,
    attention_dropout: 0,
    bos_token_id: special.bos,
    // No end-of-text token: random weights would end an answer at random, often before its first word.
    eos_token_id: null,
    head_dim: shape.headDim,
    hidden_act: "silu",
    hidden_size: shape.hiddenSize,
    initializer_range: 0.02,
    intermediate_size: shape.intermediateSize,
    max_position_embeddings: shape.contextLimit,
    mlp_bias: false,
    num_attention_heads: shape.heads,
    num_hidden_layers: shape.layers,
    num_key_value_heads: shape.kvHeads,
    rms_norm_eps: 1e-6,
    rope_theta: 10_000,
    tie_word_embeddings: false,
    torch_dtype: "bfloat16",
    use_cache: true,
    vocab_size: shape.vocabSize,
  };
}

/** Tensor names and shapes of a Llama checkpoint. @see transformers models/llama/modeling_llama.py */
function tensors(): [string, number[]][] {
  const { hiddenSize: hidden, intermediateSize: intermediate, heads, kvHeads, headDim, vocabSize: vocab } = shape;
  const layer = (index: number): [string, number[]][] => {
    const at = (name: string, size: number[]): [string, number[]] => [`model.layers.${index}.${name}.weight`, size];
    return [
      at("input_layernorm", [hidden]),
      at("mlp.down_proj", [hidden, intermediate]),
      at("mlp.gate_proj", [intermediate, hidden]),
      at("mlp.up_proj", [intermediate, hidden]),
      at("post_attention_layernorm", [hidden]),
      at("self_attn.k_proj", [kvHeads * headDim, hidden]),
      at("self_attn.o_proj", [hidden, heads * headDim]),
      at("self_attn.q_proj", [heads * headDim, hidden]),
      at("self_attn.v_proj", [kvHeads * headDim, hidden]),
    ];
  };
  return [
    ["lm_head.weight", [vocab, hidden]],
    ["model.embed_tokens.weight", [vocab, hidden]],
    ...Array.from({ length: shape.layers }, (_, index) => layer(index)).flat(),
    ["model.norm.weight", [hidden]],
  ];
}

/** Seeded random numbers in [-1, 1): a linear congruential generator is enough for noise. @see Numerical Recipes, 7.1 */
function noise(): () => number {
  let state = 42;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** bfloat16 is the upper half of a float32. */
function bfloat16(value: number): number {
  const word = new DataView(new ArrayBuffer(4));
  word.setFloat32(0, value);
  return word.getUint16(0);
}

/** Tokens the model may say: small letters, space, full stop and comma, so that its noise can be shown on any screen. */
const sayable = new Set([..."abcdefghijklmnopqrstuvwxyz .,"].map((char) => char.charCodeAt(0)));

/**
 * One weight. Channel 0 of the hidden state is a constant: every embedding sets it to 8 and no layer writes to it, so that
 * the head can forbid a token by a negative weight on that channel.
 */
function weight(name: string, row: number, column: number, random: () => number): number {
  if (name.includes("norm")) return 1;
  if (name === "model.embed_tokens.weight" && column === 0) return 8;
  if (name === "lm_head.weight" && column === 0) return sayable.has(row) ? 0 : -4;
  if (/(o_proj|down_proj)/.test(name) && row === 0) return 0;
  return random() * 0.3;
}

/** The safetensors format: header length (u64), JSON header, tensors one after the other. @see huggingface/safetensors README */
function safetensors(): Buffer {
  const random = noise();
  const parts: Buffer[] = [];
  let offset = 0;
  const header: Record<string, object> = { __metadata__: { format: "pt" } };
  for (const [name, size] of tensors()) {
    const [rows = 1, columns = 1] = size;
    const data = Buffer.alloc(rows * columns * 2);
    for (let i = 0; i < rows * columns; i++) {
      data.writeUInt16LE(bfloat16(weight(name, Math.floor(i / columns), i % columns, random)), i * 2);
    }
    header[name] = { dtype: "BF16", shape: size, data_offsets: [offset, offset + data.length] };
    offset += data.length;
    parts.push(data);
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, " ")]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded, ...parts]);
}

const chatTemplate = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant: ";

/** Writes the model into `directory`, whole or not at all. An existing directory there is replaced. */
export function writeTinyLlama(directory: string): void {
  const draft = `${directory}.${process.pid}.partial`;
  mkdirSync(draft, { recursive: true });
  const json = (name: string, value: object): void =>
    writeFileSync(join(draft, name), `${JSON.stringify(value, null, 1)}\n`);
  json("config.json", config());
  json("generation_config.json", { bos_token_id: special.bos, pad_token_id: special.pad });
  json("tokenizer.json", tokenizer());
  json("tokenizer_config.json", {
    tokenizer_class: "PreTrainedTokenizerFast",
    bos_token: "<s>",
    eos_token: "</s>",
    pad_token: "<pad>",
    model_max_length: shape.contextLimit,
    chat_template: chatTemplate,
  });
  writeFileSync(join(draft, "model.safetensors"), safetensors());
  rmSync(directory, { recursive: true, force: true });
  renameSync(draft, directory);
}
