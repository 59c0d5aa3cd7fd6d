/** Plans how one model is served. */
import { formatBytes, formatGib, type Gib } from "../catalog/units";
import { builtinModel } from "../catalog/models";
import { parsersFor, type Parsers } from "../catalog/parsers";
import type { Fault } from "../config/errors";
import type { ModelProfile } from "../config/schema";
import type { Device } from "./device";
import { fitShape, gpuShare, kvBytesPerToken, kvGibFor, roomFor, tokensIn, type Room, type Shape } from "./fit";
import type { ModelFacts, ModelPlan } from "./types";

/** Where the model will run. */
export interface Place {
  readonly device: Device;
  /** Memory the stack may use. */
  readonly memory: Gib;
  /** `platform.kvCacheGib`, if given. */
  readonly kvCacheGib: number | undefined;
  readonly cpus: number;
}

/** Everything there is to plan one model; faults and warnings are added to the lists. */
export interface ModelTask {
  readonly model: ModelProfile;
  /** Position in `models`, for the faults' paths. */
  readonly index: number;
  /** Undefined when nothing is known. */
  readonly facts: ModelFacts | undefined;
  readonly place: Place;
  readonly faults: Fault[];
  readonly warnings: string[];
}

/** Context when none is asked for: enough for a chat, small enough for a laptop. */
const defaultContext = 4096;
/** KV cache when the model's shape is not known yet: vLLM's own default on a CPU. @see vllm/envs.py, VLLM_CPU_KVCACHE_SPACE */
const kvGibUnknown = 4;
/** Slots on a GPU when none are asked for: batching costs little there. */
const gpuSlots = 32;

/** Slots on a CPU when none are asked for: two a core, since some wait for memory while others compute; 4 to 16. */
const cpuSlots = (cpus: number): number => Math.min(16, Math.max(4, 2 * cpus));

function warn(task: ModelTask, facts: ModelFacts): void {
  const { model, index, warnings } = task;
  if (builtinModel(model.source)?.randomWeights === true) {
    warnings.push(
      `${model.name} has random weights: it answers, and its words are noise. For real answers set models[${index}].source`,
    );
  }
  if (model.kind === "huggingface" && (model.revision ?? "main") === "main") {
    warnings.push(`models[${index}].revision is main, which moves: name a commit to get the same model every time`);
  }
  if (facts.contextLimit === undefined && model.contextTokens === undefined) {
    warnings.push(
      `the context limit of ${model.name} is not known: planned ${defaultContext} tokens. If the engine refuses that, set models[${index}].contextTokens`,
    );
  }
}

/** Context beyond the model's own limit. @returns true when there was a fault */
function contextFault({ model, index, faults }: ModelTask, limit: number | undefined): boolean {
  if (limit === undefined || model.contextTokens === undefined || model.contextTokens <= limit) return false;
  faults.push({
    path: `models[${index}].contextTokens`,
    found: `${model.contextTokens} tokens`,
    needed: `at most ${limit} tokens, the limit of ${model.source}`,
    fix: `write \`contextTokens: ${limit}\` or less, or remove it`,
  });
  return true;
}

const whatMemory = (device: Device): string => (device.gpu === undefined ? "memory" : `GPU memory that vLLM may use`);

/** No room, or less room than was asked for. @returns true when there was a fault */
function roomFault({ model, index, place, faults }: ModelTask, room: Room): boolean {
  const parts = `${formatGib(room.weights)} of weights and ${formatGib(room.overhead)} for the engine, of ${formatGib(room.total)} of ${whatMemory(place.device)}`;
  const least = Math.ceil(room.weights + room.overhead) + 1;
  if (room.leftGib < 1) {
    faults.push({
      path: `models[${index}].source`,
      found: `${model.source}: ${parts}`,
      needed: "at least 1 GiB left for the KV cache",
      fix: `use a smaller model, or give it ${least} GiB${place.device.gpu === undefined ? " (platform.memoryGib)" : ""}`,
    });
    return true;
  }
  if (place.kvCacheGib === undefined || place.kvCacheGib <= room.leftGib) return false;
  faults.push({
    path: "platform.kvCacheGib",
    found: `${place.kvCacheGib} GiB beside ${parts}`,
    needed: `at most ${room.leftGib} GiB`,
    fix: `write \`kvCacheGib: ${room.leftGib}\` or less, or remove it`,
  });
  return true;
}

/** Context and slots, and the KV cache that holds them; undefined with a fault when that cannot be. */
function shapeModel(task: ModelTask, facts: ModelFacts, room: Room): (Shape & { kvGib: number }) | undefined {
  const { model, index, place, faults, warnings } = task;
  const defaults: Shape = {
    context: Math.min(facts.contextLimit ?? defaultContext, defaultContext),
    slots: place.device.accelerator === "cuda" ? gpuSlots : cpuSlots(place.cpus),
  };
  const wanted: Shape = {
    context: model.contextTokens ?? defaults.context,
    slots: model.concurrency ?? defaults.slots,
  };
  const perToken = kvBytesPerToken(facts);
  if (perToken === undefined) {
    const kvGib = place.kvCacheGib ?? Math.min(kvGibUnknown, room.leftGib);
    warnings.push(
      `the size of ${model.name} is not known: planned ${kvGib} GiB of KV cache. To change it set platform.kvCacheGib`,
    );
    return { ...wanted, kvGib };
  }
  const budgetGib = place.kvCacheGib ?? room.leftGib;
  const tokens = tokensIn(budgetGib, perToken);
  const request = { askedContext: model.contextTokens, askedSlots: model.concurrency, defaults };
  const shape = fitShape(request, tokens);
  if (shape === undefined) {
    const asked = model.contextTokens === undefined ? "concurrency" : "contextTokens";
    faults.push({
      path: `models[${index}].${asked}`,
      found: `${wanted.context} tokens of context x ${model.concurrency ?? 1} at once x ${formatBytes(perToken)} a token = ${kvGibFor({ ...wanted, slots: model.concurrency ?? 1 }, perToken)} GiB`,
      needed: `at most ${budgetGib} GiB, ${place.kvCacheGib === undefined ? `what is left of the ${whatMemory(place.device)}` : "which is platform.kvCacheGib"}: ${tokens} tokens in all`,
      fix: `lower models[${index}].contextTokens or models[${index}].concurrency`,
    });
    return undefined;
  }
  if (shape.context < wanted.context || shape.slots < wanted.slots) {
    warnings.push(
      `${model.name}: ${shape.context} tokens of context and ${shape.slots} at once instead of ${wanted.context} and ${wanted.slots}, since ${budgetGib} GiB of KV cache hold ${tokens} tokens`,
    );
  }
  return { ...shape, kvGib: place.kvCacheGib ?? kvGibFor(shape, perToken) };
}

/** What the catalogue knows of a model that nobody inspected: all of a built-in one, nothing of others. */
function factsFromCatalog(model: ModelProfile): ModelFacts {
  const row = builtinModel(model.source);
  if (row === undefined) return { kind: model.kind };
  const { contextLimit, layers, kvHeads, headDim } = row;
  return { kind: model.kind, contextLimit, layers, kvHeads, headDim };
}

/** Plans one model. @returns undefined when it cannot be served; the reasons are in `task.faults`. */
export function planModel(task: ModelTask): ModelPlan | undefined {
  const { model, place } = task;
  const facts = task.facts ?? factsFromCatalog(model);
  const room = roomFor(place.device, place.memory, facts);
  const tooLong = contextFault(task, facts.contextLimit);
  if (roomFault(task, room) || tooLong) return undefined;
  warn(task, facts);
  const shape = shapeModel(task, facts, room);
  if (shape === undefined) return undefined;
  // Only an id on the hub says whose model it is; the name of a directory does not.
  const { tool, reasoning }: Parsers = model.kind === "huggingface" ? parsersFor(model.source) : {};
  return {
    name: model.name,
    source: model.source,
    kind: model.kind,
    ...(model.kind === "huggingface" ? { revision: model.revision ?? "main" } : {}),
    maxModelLen: shape.context,
    maxNumSeqs: shape.slots,
    kvCacheGib: shape.kvGib,
    kvCacheExact: place.device.accelerator === "cpu" || place.kvCacheGib !== undefined,
    tensorParallel: 1,
    pipelineParallel: 1,
    replicas: 1,
    dtype: "auto",
    enforceEager: model.kind === "builtin",
    ...(place.device.accelerator === "cuda" ? { gpuMemoryUtilization: gpuShare } : {}),
    ...(tool === undefined ? {} : { toolParser: tool }),
    ...(reasoning === undefined ? {} : { reasoningParser: reasoning }),
  };
}
