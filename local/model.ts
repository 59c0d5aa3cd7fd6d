/** The model's files: made on the spot, downloaded, or where the user says they are. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { builtinModel } from "../catalog/models";
import type { ModelFacts } from "../plan/types";
import { inherited, ofHuggingFace } from "./environment";
import { ModelFault } from "./modelFault";
import { localError, progress } from "./report";
import { run } from "./shell";
import { writeTinyLlama } from "./tinyLlama";

/** What `model` is asked for. */
export interface ModelRequest {
  readonly kind: "builtin" | "directory" | "huggingface";
  readonly source: string;
  /** Commit, tag or branch; Hugging Face only. */
  readonly revision?: string | undefined;
  readonly cacheDirectory: string;
  /** The Python environment that has the Hugging Face client. */
  readonly pythonDirectory: string;
  /** Planned context in tokens, to be held against what the model can do. @default not compared */
  readonly maxModelLen?: number | undefined;
}

/** Only what the planner needs of a `config.json`; the rest is vLLM's business. Multimodal models nest it. */
const textConfig = z.object({
  max_position_embeddings: z.number().int().positive().optional(),
  num_hidden_layers: z.number().int().positive().optional(),
  num_attention_heads: z.number().int().positive().optional(),
  num_key_value_heads: z.number().int().positive().optional(),
  hidden_size: z.number().int().positive().optional(),
  head_dim: z.number().int().positive().nullable().optional(),
});
const modelConfig = textConfig.extend({ text_config: textConfig.optional() });

function readModelConfig(file: string): z.output<typeof textConfig> | undefined {
  try {
    const whole = modelConfig.parse(JSON.parse(readFileSync(file, "utf8")));
    return { ...whole, ...whole.text_config };
  } catch {
    return undefined;
  }
}

/**
 * Bytes of the weights that the engine will load; undefined where there are none. Some models carry them twice: in
 * shards, and whole as `consolidated*.safetensors`, of which the engine reads the shards.
 */
function weightsBytes(directory: string): number | undefined {
  const all = readdirSync(directory).filter((name) => name.endsWith(".safetensors"));
  const shards = all.filter((name) => !name.startsWith("consolidated"));
  const files = shards.length === 0 ? all : shards;
  // Through links: a download is a directory of links to files named by their hash.
  const bytes = files.map((name) => statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0);
  return files.length === 0 ? undefined : bytes.reduce((sum, one) => sum + one, 0);
}

/**
 * Reads a model directory's `config.json`, and how large its weights are.
 * @throws ModelFault when there is none, or it is not a model's
 */
export function inspectDirectory(directory: string): ModelFacts {
  const file = join(directory, "config.json");
  const needed = "a model directory as Hugging Face lays it out: config.json, tokenizer files, *.safetensors";
  const fix = "correct it, or download the whole model into that directory";
  if (!existsSync(file)) {
    const found = existsSync(directory) ? `${directory} has no config.json` : `${directory} does not exist`;
    throw new ModelFault({ found, needed, fix });
  }
  const config = readModelConfig(file);
  if (config === undefined) throw new ModelFault({ found: `${file} is not a model's configuration`, needed, fix });
  const heads = config.num_attention_heads;
  const weights = weightsBytes(directory);
  return {
    kind: "directory",
    contextLimit: config.max_position_embeddings,
    layers: config.num_hidden_layers,
    kvHeads: config.num_key_value_heads ?? heads,
    headDim: config.head_dim ?? (config.hidden_size && heads ? config.hidden_size / heads : undefined),
    ...(weights === undefined ? {} : { weightsBytes: weights }),
    dtypeBytes: 2,
  };
}

async function download(request: ModelRequest): Promise<string> {
  const revision = request.revision ?? "main";
  progress(
    `downloading ${request.source} (revision ${revision}) from Hugging Face; what is there already is not loaded again`,
  );
  const args = ["download", request.source, "--revision", revision, "--quiet"];
  // Weights as safetensors only: pickled weights can run code when they are loaded.
  for (const pattern of ["*.bin", "*.pt", "*.pth", "*.ckpt", "*.msgpack", "*.h5", "original/*"])
    args.push("--exclude", pattern);
  const env = {
    ...inherited(ofHuggingFace),
    HF_HOME: join(request.cacheDirectory, "huggingface"),
    HF_HUB_DISABLE_TELEMETRY: "1",
  };
  const { code, tail } = await run(join(request.pythonDirectory, "bin", "hf"), args, { env });
  // Quiet prints one line, the directory.
  const directory = /^\/.*$/m.exec(tail)?.[0] ?? "";
  if (code === 0 && existsSync(join(directory, "config.json"))) return directory;
  throw localError({
    checked: `the model ${request.source} on Hugging Face`,
    found: tail,
    needed: "a public model, or HF_TOKEN in the environment for a gated one, and a network",
    fix: "check the id and the revision; or download the model elsewhere and give its directory as `models[].source`",
  });
}

/** What the plan could not know before the download. @throws LocalError when the model's context is shorter than planned */
function checkContext({ source, maxModelLen }: ModelRequest, directory: string): void {
  const { contextLimit } = inspectDirectory(directory);
  if (contextLimit === undefined || maxModelLen === undefined || maxModelLen <= contextLimit) return;
  throw localError({
    checked: `the context of ${source}`,
    found: `${maxModelLen} tokens planned`,
    needed: `at most ${contextLimit} tokens, which is all this model can do (its config.json)`,
    fix: `write \`contextTokens: ${contextLimit}\` or less under \`tokenrack:models\` in the stack file`,
  });
}

/** Provides the model. @returns the directory with its files */
export async function provideModel(request: ModelRequest): Promise<string> {
  switch (request.kind) {
    case "builtin": {
      if (builtinModel(request.source) === undefined) throw new Error(`no built-in model ${request.source}`);
      const directory = join(request.cacheDirectory, "models", request.source.replace("builtin:", ""));
      progress("making a tiny Llama with random weights: its words will be noise");
      writeTinyLlama(directory);
      return directory;
    }
    case "directory":
      inspectDirectory(request.source);
      return request.source;
    case "huggingface": {
      const directory = await download(request);
      checkContext(request, directory);
      return directory;
    }
  }
}
