/** The plan of a stack on a cluster: VMs, GPUs, models, gateway. */
import { ProfileError, type Fault } from "../../config/errors";
import type { ClusterProfile, ExistingProfile, ProxmoxProfile } from "../../config/schema";
import { clusterPolicy } from "../gateway";
import { deckhouseWarnings, planBootstrap, planDeckhouse } from "../deckhouse";
import { crossChecks } from "../deckhouse/crossChecks";
import { planHosts } from "../hosts";
import { planServing } from "../layouts";
import { placeVms } from "../placement";
import { caWarnings, planFleet } from "../site";
import { planStages } from "../stages";
import type { StageInput } from "../stages/types";
import type { ClusterGatewayPlan, ClusterPlan, ExistingPlan, PoolPlan, ProxmoxPlan } from "../types";
import { existingInput, proxmoxInput, type ClusterFacts, type ClusterInput } from "./fromProfile";
import type { ServingPlans } from "./types";

/** The engine's own use of GPU memory varies by about this much: what is left above 95 % is not enough for it. */
const mostUtilization = 0.95;

function modelWarnings({ models }: ClusterProfile): readonly string[] {
  const moves = models.flatMap(({ revision = "main" }, index) =>
    revision === "main"
      ? [`models[${index}].revision is main, which moves: name a commit to get the same model every time`]
      : [],
  );
  const tight = models.flatMap(({ gpuMemoryUtilization = 0 }, index) =>
    gpuMemoryUtilization > mostUtilization
      ? [
          `models[${index}].gpuMemoryUtilization is ${gpuMemoryUtilization}: above ${mostUtilization} the engine may run out of memory under load`,
        ]
      : [],
  );
  return [...moves, ...tight];
}

function planGateway(profile: ClusterProfile, serving: ServingPlans): ClusterGatewayPlan {
  const { host, class: ingressClass, tlsIssuer } = profile.ingress;
  return {
    ...clusterPolicy(profile, serving),
    ...(host === undefined ? {} : { publicHost: host }),
    ...(ingressClass === undefined ? {} : { ingressClass }),
    ...(tlsIssuer === undefined ? {} : { tlsIssuer }),
  };
}

type Pool = (ProxmoxProfile | ExistingProfile)["pools"][number];

const planPool = (pool: Pool): PoolPlan => ({
  name: pool.name,
  role: "role" in pool ? pool.role : "nodes",
  count: pool.count,
  gpusPerNode: pool.card === undefined ? 0 : (pool.gpusPerNode ?? 1),
  taints: "taints" in pool ? pool.taints : pool.taint === undefined ? [] : [pool.taint],
  labels: pool.labels,
});

/** Models are only placed on hardware without a fault: else every one of them would be told to be too large. */
function serve(input: ClusterInput, earlier: readonly Fault[]): ServingPlans {
  const { hardware, requests } = input;
  const known = [...earlier, ...input.faults];
  const unsound = known.some(({ path }) => !path.startsWith("models["));
  const { plans, faults } = unsound ? { plans: undefined, faults: [] } : planServing(requests, hardware);
  if (plans === undefined || known.length + faults.length > 0) throw new ProfileError([...known, ...faults]);
  return plans;
}

const warningsOf = (profile: ClusterProfile, serving: ServingPlans): readonly string[] => [
  ...modelWarnings(profile),
  ...serving.models.flatMap(({ name, warnings }) => warnings.map((warning) => `${name}: ${warning}`)),
];

/** What follows the cluster. @throws ProfileError with the faults of all stages */
function follow(input: StageInput): Pick<ClusterPlan, "stages" | "unmet" | "warnings"> {
  const { plan, faults, unmet = [], warnings } = planStages(input);
  if (faults.length > 0) throw new ProfileError(faults);
  const needed = unmet.map(({ path, needed: what, fix }) => `${path} is needed before a bring-up: ${what}; ${fix}`);
  return { stages: plan, unmet, warnings: [...warnings, ...needed] };
}

function proxmoxPlan(profile: ProxmoxProfile, facts: ClusterFacts): ProxmoxPlan {
  const { placement, faults } = placeVms(profile);
  const input = proxmoxInput(profile, placement, facts);
  // A card with a wrong name is missing wherever it is wanted: one edit mends both.
  const unknownCards = input.faults.some(({ path }) => path.endsWith(".card"));
  const deckhouse = planDeckhouse(profile);
  const serving = serve(input, [...(unknownCards ? [] : faults), ...crossChecks(deckhouse)]);
  const { hardware } = input;
  const pools = profile.pools.map(planPool);
  const { stages, unmet, warnings } = follow({ profile, pools, hardware, serving, deckhouse });
  return {
    stack: profile.stack,
    platform: "proxmox",
    pools,
    hosts: planHosts(profile, placement),
    placement,
    fleet: planFleet(profile),
    deckhouse,
    bootstrap: planBootstrap(profile, placement),
    hardware,
    serving,
    gateway: planGateway(profile, serving),
    stages,
    unmet,
    warnings: [
      ...caWarnings(profile),
      ...deckhouseWarnings(profile),
      ...placement.warnings,
      ...warningsOf(profile, serving),
      ...warnings,
    ],
  };
}

function existingPlan(profile: ExistingProfile, facts: ClusterFacts): ExistingPlan {
  const input = existingInput(profile, facts);
  const serving = serve(input, []);
  const { hardware } = input;
  const pools = profile.pools.map(planPool);
  const { stages, unmet, warnings } = follow({ profile, pools, hardware, serving });
  return {
    stack: profile.stack,
    platform: "existing",
    pools,
    hardware,
    serving,
    gateway: planGateway(profile, serving),
    stages,
    unmet,
    warnings: [...warningsOf(profile, serving), ...warnings],
  };
}

const isProxmox = (profile: ClusterProfile): profile is ProxmoxProfile => profile.platform.kind === "proxmox";

/**
 * Decides everything about a stack on a cluster. Same profile and facts, same plan.
 * @throws ProfileError with every fault: of hosts and pools, of models, and of models on GPUs
 */
export const clusterPlan = (profile: ClusterProfile, facts: ClusterFacts): ClusterPlan =>
  isProxmox(profile) ? proxmoxPlan(profile, facts) : existingPlan(profile, facts);
