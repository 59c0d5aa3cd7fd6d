/** makePlan: from what the user asked for and what was found, to what will be done. Pure. */
import { ProfileError, type Fault } from "../config/errors";
import type { LocalProfile, Profile } from "../config/schema";
import { clusterPlan } from "./cluster/plan";
import { chooseDevice, cpuThreads, memoryGib, type Device } from "./device";
import { planModel } from "./model";
import { gatewayPolicy } from "./gateway";
import type {
  ClusterFacts,
  ClusterPlan,
  Facts,
  GatewayPlan,
  LocalFacts,
  LocalPlan,
  LocalStackPlan,
  ModelPlan,
  Plan,
} from "./types";

export type * from "./types";

/** Loopback only: neither Ray's ports nor the gateway are for other machines. */
const host = "127.0.0.1";

/** Ray's object store carries only small control messages here: prompts and answers do not pass through it. */
const objectStoreMib = 256;

function planLocal(profile: LocalProfile, device: Device, facts: LocalFacts, ompThreads: number): LocalPlan {
  const cuda = device.accelerator === "cuda";
  return {
    accelerator: device.accelerator,
    ...(device.gpu === undefined ? {} : { gpu: device.gpu }),
    host,
    ports: profile.ports,
    paths: profile.paths,
    python: { lock: device.accelerator, hash: facts.lockHashes[device.accelerator] },
    ray: {
      // The model's replica asks for 1 CPU and its worker for 1 (llm_server.py merges the two into one bundle); on a GPU
      // Ray also runs a short task that asks for 1. More would only make Ray start idle workers at once.
      numCpus: cuda ? 3 : 2,
      numGpus: cuda ? 1 : 0,
      ompThreads,
      reservedCores: facts.cpus - ompThreads,
      objectStoreMib,
    },
  };
}

function planGateway(profile: LocalProfile, model: ModelPlan): GatewayPlan {
  const { ports } = profile;
  return {
    ...gatewayPolicy(profile, [{ name: model.name, slots: model.maxNumSeqs, context: model.maxModelLen }]),
    host,
    port: ports.gateway,
    issuer: `http://${host}:${ports.gateway}`,
    upstreamUrl: `http://${host}:${ports.serve}`,
  };
}

const isLocal = (profile: Profile): profile is LocalProfile => profile.platform.kind === "local";
const isLocalFacts = (facts: Facts): facts is LocalFacts => "lockHashes" in facts;

/**
 * Decides everything about a stack: where each part runs, context, slots, memory, limits.
 * Same profile and facts, same plan. Every value the user gave is kept or refused, never changed.
 * @throws ProfileError with every fault that was found: what cannot fit, cannot run, or is not there.
 * @throws TypeError when the facts are another platform's: a caller's mistake.
 */
export function makePlan(profile: Profile, facts: LocalFacts): LocalStackPlan;
export function makePlan(profile: Profile, facts: ClusterFacts): ClusterPlan;
export function makePlan(profile: Profile, facts: Facts): Plan;
export function makePlan(profile: Profile, facts: Facts): Plan {
  if (isLocal(profile) && isLocalFacts(facts)) return makeLocalPlan(profile, facts);
  if (!isLocal(profile) && !isLocalFacts(facts)) return clusterPlan(profile, facts);
  throw new TypeError(`facts of another platform for a stack of kind ${profile.platform.kind}`);
}

function makeLocalPlan(profile: LocalProfile, facts: LocalFacts): LocalStackPlan {
  const faults: Fault[] = [];
  const warnings: string[] = [];
  const device = chooseDevice(profile.platform, facts, faults, warnings);
  const ompThreads = cpuThreads(profile.platform, facts, faults);
  const memory = memoryGib(profile.platform, facts, faults);
  const models = profile.models.flatMap((model, index) => {
    const place = { device, memory, kvCacheGib: profile.platform.kvCacheGib, cpus: facts.cpus };
    return planModel({ model, index, facts: facts.models[model.name], place, faults, warnings }) ?? [];
  });
  const [first, ...others] = models;
  if (first === undefined || faults.length > 0) throw new ProfileError(faults);
  return {
    stack: profile.stack,
    platform: "local",
    local: planLocal(profile, device, facts, ompThreads),
    models: [first, ...others],
    gateway: planGateway(profile, first),
    warnings,
  };
}
