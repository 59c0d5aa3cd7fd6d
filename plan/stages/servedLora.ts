/** Memory that vLLM keeps for a model's adapters, which the planner's estimate does not have: it comes out of the KV cache. */
import { bytes, type Bytes } from "../../catalog/units";
import type { ModelShape } from "../../catalog/modelShapes";
import type { Fault } from "../../config/errors";
import type { ServingPlan } from "../cluster/types";
import type { Layout } from "../memory/layout";
import type { OnePlan } from "./servedOne";
import type { LoraPlan, ServedInput } from "./servedTypes";

const GIB = 2 ** 30;
/** `lora_dtype` is the model's own, of 16 bit. */
const bytesEach = 2;

/** vLLM wraps the output head, too, and takes no larger one. @see vllm 0.29.0 lora/layers/logits_processor.py, create_lora_weights */
const mostVocabulary = 258_048;

/** Sum of inputs and outputs of a layer's linear parts on one GPU: of each, A is rank x in and B is out x rank. */
function widthsOf(shape: ModelShape, { tensorParallel: tp, expertParallel = false }: Layout): number {
  const { hidden, heads, kvHeads, headDim, intermediate, moe } = shape;
  // A column is cut in its outputs, a row in its inputs; the other side is whole on every GPU.
  const column = (out: number): number => hidden + out / tp;
  const row = (into: number): number => into / tp + hidden;
  const feedForward = (width: number): number => 2 * column(width) + row(width);
  const keys = Math.max(1, kvHeads / tp) * headDim;
  const attention = column(heads * headDim) + 2 * (hidden + keys) + row(heads * headDim);
  if (moe === undefined) return attention + feedForward(intermediate);
  const experts = expertParallel
    ? (moe.experts / tp) * 3 * (hidden + moe.intermediate)
    : moe.experts * feedForward(moe.intermediate);
  return attention + experts + (moe.sharedIntermediate > 0 ? feedForward(moe.sharedIntermediate) : 0);
}

/**
 * Bytes on the GPU with the most; undefined for a model whose attention is not projected to heads (MLA, linear).
 * @see vllm 0.29.0 lora/layers/base_linear.py, fused_moe.py and logits_processor.py, create_lora_weights
 */
export function loraBytes(shape: ModelShape, layout: Layout, { maxRank, maxAdapters }: LoraPlan): Bytes | undefined {
  if (shape.mla !== undefined || shape.linear !== undefined) return undefined;
  const layers = Math.ceil(shape.layers / layout.pipelineParallel);
  const head = shape.hidden + shape.vocab;
  return bytes(Math.ceil(maxAdapters * maxRank * bytesEach * (layers * widthsOf(shape, layout) + head)));
}

const inGib = (value: number): string => `${(value / GIB).toFixed(1)} GiB`;

/** What is to be known of a model's adapters. */
export function loraWarnings(plan: ServingPlan, lora: LoraPlan | undefined): readonly string[] {
  if (lora === undefined) return [];
  const taken = loraBytes(plan.shape, plan.layout, lora);
  const memory =
    taken === undefined
      ? "memory of its adapters is not in the plan's count, nor known for its attention: look at the KV cache that the engine tells"
      : `${lora.maxAdapters} adapters of rank ${lora.maxRank} take ${inGib(taken)} of each GPU out of the KV cache that the plan shows`;
  return [`${plan.name}: ${memory}; its pods need a way out to ${lora.path} while they serve`];
}

/** Adapters for which there is no room. */
export const loraFaults = ({ profile, serving }: ServedInput, ones: readonly OnePlan[]): readonly Fault[] =>
  profile.models.flatMap(({ name }, index): readonly Fault[] => {
    const plan = serving.models.find((one) => one.name === name);
    const lora = ones.find((one) => one.plan.name === name)?.plan.lora;
    if (plan === undefined || lora === undefined) return [];
    const path = `models[${index}].lora`;
    if (plan.shape.vocab > mostVocabulary)
      return [
        {
          path,
          found: `adapters beside a vocabulary of ${plan.shape.vocab.toLocaleString("en-US")}`,
          needed: `at most ${mostVocabulary.toLocaleString("en-US")}: vLLM takes adapters for no larger output head`,
          fix: "remove `lora`, or serve another model",
        },
      ];
    const taken = loraBytes(plan.shape, plan.layout, lora) ?? 0;
    const cache = Math.min(...plan.memory.warm.ranks.map(({ kvCache }) => kvCache));
    if (taken < cache) return [];
    return [
      {
        path,
        found: `${lora.maxAdapters} adapters of rank ${lora.maxRank}: ${inGib(taken)} of each GPU`,
        needed: `less than the ${inGib(cache)} that weights leave for the KV cache`,
        fix: "lower `maxAdapters` or `maxRank`, or give the model more GPUs",
      },
    ];
  });
