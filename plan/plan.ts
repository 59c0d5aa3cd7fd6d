/** makePlan: from what the user asked for and what was found, to what will be done. Pure. */
import { mib, mibToBytes, minutesToSeconds } from "../catalog/units";
import { ProfileError, type Fault } from "../config/errors";
import type { Profile } from "../config/schema";
import { chooseDevice, cpuThreads, memoryGib, type Device } from "./device";
import { planModel } from "./model";
import type { Facts, GatewayPlan, LocalFacts, LocalPlan, ModelPlan, Plan } from "./types";

export type * from "./types";

/** Loopback only: neither Ray's ports nor the gateway are for other machines. */
const host = "127.0.0.1";

/** Ray's object store carries only small control messages here: prompts and answers do not pass through it. */
const objectStoreMib = 256;

/** Most answers to one request: each holds a slot. */
const mostAnswers = 4;

function planLocal(profile: Profile, device: Device, facts: LocalFacts, ompThreads: number): LocalPlan {
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

function planGateway(profile: Profile, model: ModelPlan): GatewayPlan {
  const { gateway, ports, stack } = profile;
  return {
    host,
    port: ports.gateway,
    issuer: `http://${host}:${ports.gateway}`,
    audience: `tokenrack/${stack}`,
    lifetimeSeconds: minutesToSeconds(gateway.tokenLifetimeMinutes),
    upstreamUrl: `http://${host}:${ports.serve}`,
    limits: {
      bodyBytes: mibToBytes(mib(gateway.bodyMib)),
      n: Math.min(mostAnswers, model.maxNumSeqs),
      maxTokens: Math.min(gateway.maxTokens, model.maxModelLen),
      concurrencyPerSubject: gateway.concurrencyPerUser,
      requestsPerMinute: gateway.requestsPerMinute,
      // As many wait as are being answered: one more wave, and nobody waits for two.
      inFlight: 2 * model.maxNumSeqs,
    },
    corsOrigins: [...gateway.corsOrigins].sort(),
    readinessModel: model.name,
    firstUser: gateway.firstUser,
  };
}

/**
 * Decides everything about a stack: accelerator, context, slots, memory, ports, limits.
 * Same profile and facts, same plan. Every value the user gave is kept or refused, never changed.
 * @throws ProfileError with every fault that was found: what cannot fit, cannot run, or is not there.
 */
export function makePlan(profile: Profile, facts: Facts): Plan {
  switch (profile.platform.kind) {
    case "local":
      return makeLocalPlan(profile, facts);
  }
}

function makeLocalPlan(profile: Profile, facts: LocalFacts): Plan {
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
