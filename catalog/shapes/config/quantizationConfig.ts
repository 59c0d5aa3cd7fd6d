/** The storage format of the weights, from `quantization_config`. */
import * as z from "zod";
import type { Quantization } from "../modelShape";
import { shown, type Faults } from "./fault";
import { read } from "./raw";

/**
 * Methods that vLLM knows, besides those modelled here: the fault then is ours and not vLLM's.
 * @see vllm 0.29.0 vllm/model_executor/layers/quantization/__init__.py, QuantizationMethods
 */
const knownToVllm: ReadonlySet<string> = new Set([
  "auto_awq",
  "fbgemm_fp8",
  "fp_quant",
  "modelopt",
  "modelopt_fp4",
  "modelopt_mxfp8",
  "modelopt_mixed",
  "auto_gptq",
  "gptq_marlin",
  "awq_marlin",
  "humming",
  "experts_int8",
  "quark",
  "moe_wna16",
  "torchao",
  "inc",
  "gpt_oss_mxfp4",
  "deepseek_v4_fp8",
  "online",
  "mxfp8",
]);

const otherWeights = "choose the same model in another format: 16 bit, AWQ, GPTQ, compressed-tensors or FP8";

/** Groups along the input; -1 would be one scale for each output channel, which is not modelled. */
const group = z.number().int().positive();

const awqSchema = z.looseObject({
  bits: z.number().optional(),
  w_bit: z.number().optional(),
  group_size: group.optional(),
  q_group_size: group.optional(),
  zero_point: z.boolean(),
});

const gptqSchema = z.looseObject({
  bits: z.number(),
  group_size: group,
  desc_act: z.boolean().nullish(),
  sym: z.boolean().nullish(),
});

const fp8Schema = z.looseObject({ weight_block_size: z.array(z.number()).nullish() });

const weightsSchema = z.looseObject({
  num_bits: z.number(),
  type: z.string(),
  strategy: z.string().nullish(),
  group_size: z.number().nullish(),
  symmetric: z.boolean().nullish(),
  block_structure: z.array(z.number()).nullish(),
  actorder: z.union([z.string(), z.boolean()]).nullish(),
});

const compressedSchema = z.looseObject({
  config_groups: z.record(z.string(), z.looseObject({ weights: weightsSchema })),
});

type CompressedWeights = z.infer<typeof weightsSchema>;

/** Says what is not modelled, and answers with nothing. */
function refuse(faults: Faults, path: string, found: string, needed: string): undefined {
  faults.add({ path, found, needed, fix: otherWeights });
  return undefined;
}

function awq(raw: unknown, path: string, faults: Faults): Quantization | undefined {
  const config = read(awqSchema, raw, path, faults);
  if (config === undefined) return undefined;
  const bits = config.bits ?? config.w_bit;
  const size = config.group_size ?? config.q_group_size;
  if (bits !== 4) return refuse(faults, `${path}.bits`, shown(bits), "AWQ with 4 bits");
  if (size === undefined) return refuse(faults, `${path}.group_size`, "nothing", "a group size, such as 128");
  return { format: "int4", group: size, zeros: config.zero_point };
}

/** vLLM wants symmetric GPTQ. Act-order changes what a TP shard may be, which the rules do not model. */
function gptq(raw: unknown, path: string, faults: Faults): Quantization | undefined {
  const config = read(gptqSchema, raw, path, faults);
  if (config === undefined) return undefined;
  if (config.bits !== 4) return refuse(faults, `${path}.bits`, shown(config.bits), "GPTQ with 4 bits");
  if (config.sym === false) return refuse(faults, `${path}.sym`, "false", "symmetric GPTQ (`sym: true`), as vLLM does");
  if (config.desc_act === true)
    return refuse(faults, `${path}.desc_act`, "true (act-order)", "GPTQ without act-order (`desc_act: false`)");
  return { format: "int4", group: config.group_size, zeros: false };
}

const isBlock128 = (block: readonly number[] | null | undefined): boolean =>
  block?.length === 2 && block.every((side) => side === 128);

/** One scale for a tensor or for each output channel differs by a few bytes: both count as channels. */
function fp8(block: readonly number[] | null | undefined, path: string, faults: Faults): Quantization | undefined {
  if (block === undefined || block === null) return { format: "fp8", scales: "channel" };
  if (isBlock128(block)) return { format: "fp8", scales: "block128" };
  return refuse(faults, path, shown(block), "FP8 in blocks of 128 x 128, or with scales for each channel");
}

function compressedGroup(weights: CompressedWeights, path: string, faults: Faults): Quantization | undefined {
  const { num_bits: bits, type, strategy, group_size: size, actorder } = weights;
  if (type === "float" && bits === 8) {
    return fp8(strategy === "block" ? (weights.block_structure ?? []) : null, `${path}.block_structure`, faults);
  }
  if (type !== "int" || bits !== 4 || typeof size !== "number" || size <= 0) {
    const found = `${shown(bits)} bits of type ${shown(type)} with group_size ${shown(size)}`;
    return refuse(faults, path, found, "4-bit integers in groups, or 8-bit floats");
  }
  if (actorder === "group" || actorder === "dynamic" || actorder === true)
    return refuse(faults, `${path}.actorder`, shown(actorder), "no act-order, or the one of weights");
  return { format: "int4", group: size, zeros: weights.symmetric === false };
}

/** One format for all quantized layers: a ModelShape has no second. */
function compressedTensors(raw: unknown, path: string, faults: Faults): Quantization | undefined {
  const config = read(compressedSchema, raw, path, faults);
  if (config === undefined) return undefined;
  const groups = Object.entries(config.config_groups).map(([name, { weights }]) =>
    compressedGroup(weights, `${path}.config_groups.${name}.weights`, faults),
  );
  const first = groups[0];
  if (groups.every((each) => JSON.stringify(each) === JSON.stringify(first))) return first;
  return refuse(faults, `${path}.config_groups`, `${groups.length} groups that differ`, "one format for all layers");
}

/** Storage format; 16 bit when there is no quantization_config. Undefined, and a fault, where it is not understood. */
export function quantizationOf(
  raw: Readonly<Record<string, unknown>> | null | undefined,
  path: string,
  faults: Faults,
): Quantization | undefined {
  if (raw === undefined || raw === null) return { format: "bf16" };
  const method = typeof raw.quant_method === "string" ? raw.quant_method.toLowerCase() : "";
  switch (method.replace("_", "-")) {
    case "awq":
      return awq(raw, path, faults);
    case "gptq":
      return gptq(raw, path, faults);
    case "compressed-tensors":
      return compressedTensors(raw, path, faults);
    case "mxfp4":
      return { format: "mxfp4" };
    case "fp8": {
      const config = read(fp8Schema, raw, path, faults);
      return config === undefined ? undefined : fp8(config.weight_block_size, `${path}.weight_block_size`, faults);
    }
  }
  const known = knownToVllm.has(method);
  const found = known
    ? `"${method}", which vLLM knows and this planner does not`
    : `${shown(raw.quant_method)}, which vLLM does not know`;
  return refuse(faults, `${path}.quant_method`, found, "awq, gptq, compressed-tensors, fp8 or mxfp4");
}
