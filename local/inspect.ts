/** Gathers the facts that the plan is made from: this machine, and the model's own configuration. Read-only. */
import { resolve } from "node:path";
import { builtinModel } from "../catalog/models";
import { ProfileError, type Fault } from "../config/errors";
import type { Profile } from "../config/schema";
import type { LocalFacts, ModelFacts } from "../plan/plan";
import { cpus, gpus, memoryGib } from "./machine";
import { inspectDirectory } from "./model";
import { ModelFault } from "./modelFault";
import { lockHashes } from "./pythonEnv";

function builtinFacts(source: string): ModelFacts {
  const model = builtinModel(source);
  return {
    kind: "builtin",
    contextLimit: model?.contextLimit,
    layers: model?.layers,
    kvHeads: model?.kvHeads,
    headDim: model?.headDim,
    dtypeBytes: 2,
  };
}

/**
 * Looks at this machine and at the models' directories.
 * @param base directory that relative model directories start from
 * @throws ProfileError naming each model directory that is none
 */
export function inspect(profile: Profile, base: string): LocalFacts {
  const faults: Fault[] = [];
  const models: Record<string, ModelFacts> = {};
  profile.models.forEach(({ name, kind, source }, index) => {
    if (kind === "builtin") models[name] = builtinFacts(source);
    else if (kind === "huggingface") models[name] = { kind };
    else {
      try {
        models[name] = inspectDirectory(resolve(base, source));
      } catch (error) {
        if (!(error instanceof ModelFault)) throw error;
        faults.push({ path: `models[${index}].source`, ...error.fault });
      }
    }
  });
  if (faults.length > 0) throw new ProfileError(faults);
  return { cpus: cpus(), memoryGib: memoryGib(), gpus: gpus(), models, lockHashes: lockHashes() };
}
