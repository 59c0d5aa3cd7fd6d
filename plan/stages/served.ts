/** Stage 7: the RayService. Plans it from the planner's layouts; what cannot be is told with the place that has to change. */
import { versions } from "../../catalog/versions";
import type { Fault } from "../../config/errors";
import { servedFaults } from "./servedFaults";
import { planPull, type ImagesPlan } from "./images";
import { onSystem } from "./scheduling";
import { deadlineSeconds } from "./servedTimes";
import { planOne, type OnePlan } from "./servedOne";
import type {
  FaultTolerancePlan,
  ServedInput,
  ServedPlan,
  ServedStore,
  UpgradePlan,
  WorkerGroupPlan,
} from "./servedTypes";
import { missingGpus, upgradeNote, upgradePlan } from "./servedUpgrade";
import type { Staged } from "./types";

export type * from "./servedTypes";

function faultToleranceOf({ profile, pools }: ServedInput, images: ImagesPlan): FaultTolerancePlan | undefined {
  const { faultTolerance, redisStorageGib, redisStorageClass } = profile.serving;
  if (faultTolerance === "off") return undefined;
  return {
    image: images.valkey,
    storageGib: redisStorageGib ?? 1,
    ...(redisStorageClass === undefined ? {} : { storageClass: redisStorageClass }),
    scheduling: onSystem(pools),
  };
}

function upgradeOf(
  { profile, hardware, serving }: ServedInput,
  groups: readonly WorkerGroupPlan[],
): { upgrade: UpgradePlan; note: string; faults: readonly Fault[] } {
  const missing = missingGpus(groups, hardware, serving);
  const wish = profile.serving.upgrade;
  const kind = wish === "auto" ? (missing === undefined ? "newCluster" : "inPlace") : wish;
  const upgrade = upgradePlan(kind, serving.models);
  const faults =
    kind === "newCluster" && missing !== undefined
      ? [
          {
            path: "serving.upgrade",
            found: `newCluster, with ${missing.free} free GPUs in pool ${missing.pool}`,
            needed: `${missing.needed} free GPUs in pool ${missing.pool}, as many as the models use: a second cluster would wait for them for ever`,
            fix: "write `upgrade: auto`, or give the models fewer replicas",
          },
        ]
      : [];
  return { upgrade, note: upgradeNote(upgrade, wish === "inPlace" ? undefined : missing), faults };
}

const offNote =
  "serving.faultTolerance is off: when Ray's head dies, every model starts again, and requests that run are lost";

function modelsOf(input: ServedInput, images: ImagesPlan, store: ServedStore): readonly OnePlan[] {
  const { profile, serving } = input;
  const profiles = new Map(profile.models.map((model) => [model.name, model] as const));
  const autoscales = profile.models.some(({ autoscaling }) => autoscaling !== undefined);
  const given = { served: input, image: images.ray, store };
  return serving.models.map((plan) => planOne(plan, profiles.get(plan.name), given, autoscales));
}

/** Plans the RayService of a stack. @returns a plan with faults all the same */
export function planServed(input: ServedInput, images: ImagesPlan, store: ServedStore): Staged<ServedPlan> {
  const { profile, pools, serving } = input;
  const ones = modelsOf(input, images, store);
  const groups = ones.flatMap(({ pods }) => pods.groups);
  const faultTolerance = faultToleranceOf(input, images);
  const { upgrade, note, faults } = upgradeOf(input, groups);
  const { namespace, priorityClass, startTimeoutMinutes, head } = profile.serving;
  const plan: ServedPlan = {
    namespace,
    image: images.ray,
    ...planPull(profile),
    rayVersion: versions.ray,
    claim: store.claim,
    ...(store.directory === undefined ? {} : { claimDirectory: store.directory }),
    head: { scheduling: onSystem(pools), ...head },
    groups,
    models: ones.map((one) => one.plan),
    routes: Object.fromEntries(ones.map((one) => [one.plan.name, one.plan.route])),
    autoscaling: ones.some((one) => one.plan.autoscaling !== undefined),
    ...(faultTolerance === undefined ? {} : { faultTolerance }),
    ...(priorityClass === undefined ? {} : { priorityClass }),
    gpu: input.gpu ?? {},
    upgrade,
    deadlineSeconds: startTimeoutMinutes === undefined ? deadlineSeconds(serving.models) : startTimeoutMinutes * 60,
    notes: [...ones.flatMap(({ notes }) => notes), note, ...(faultTolerance === undefined ? [offNote] : [])],
  };
  return {
    plan,
    faults: [...faults, ...servedFaults(input, ones)],
    warnings: ones.flatMap(({ warnings }) => warnings),
  };
}
