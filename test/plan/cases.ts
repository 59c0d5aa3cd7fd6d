/** Profiles and machines to start a case from. */
import assert from "node:assert/strict";
import { parseProfile } from "../../config/parse";
import { isLocal, type LocalProfile } from "../../config/schema";
import type { LocalFacts, ModelFacts } from "../../plan/plan";

/** A profile from the platform's and the model's keys. */
export function profileOf(platform: object = {}, model: object = {}, gateway: object = {}): LocalProfile {
  const profile = parseProfile({
    platform: { kind: "local", ...platform },
    models: [{ source: "builtin:tiny-llama", ...model }],
    gateway,
    paths: { run: "/run/tokenrack" },
  });
  assert.ok(isLocal(profile));
  return profile;
}

/** Llama 3.1 8B in 16 bits: 128 KiB of KV cache a token. @see https://huggingface.co/meta-llama/Llama-3.1-8B */
export const llama8b: ModelFacts = {
  kind: "huggingface",
  contextLimit: 131_072,
  layers: 32,
  kvHeads: 8,
  headDim: 128,
  weightsBytes: 16_060_522_240,
  dtypeBytes: 2,
};

/** Two cores, 16 GiB, no GPU. */
export const laptop: LocalFacts = {
  cpus: 2,
  memoryGib: 16,
  gpus: [],
  models: {},
  lockHashes: { cpu: "c0c0c0c0c0c0", cuda: "cdcdcdcdcdcd" },
};

export const rtx3090 = { name: "NVIDIA GeForce RTX 3090", memoryMib: 24_576, driver: "580.105.08" };

/** A machine that knows the Llama above as `org/llama`. */
export const withLlama = (facts: Partial<LocalFacts> = {}): LocalFacts => ({
  ...laptop,
  memoryGib: 64,
  models: { "org/llama": llama8b },
  ...facts,
});
