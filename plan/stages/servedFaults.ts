/** What stage 7 cannot do, in the places of the stack that say so. */
import type { Fault } from "../../config/errors";
import { envFaults } from "./servedEnv";
import { loraFaults } from "./servedLora";
import { shortName } from "./servedNames";
import type { OnePlan } from "./servedOne";
import type { ServedInput } from "./servedTypes";

const GIB = 2 ** 30;

/** Memory of a node in GiB that stays with the system and Kubernetes. Assumed. */
const systemGib = 3;

function sameNames({ profile }: ServedInput): readonly Fault[] {
  const seen = new Map<string, number>();
  return profile.models.flatMap(({ name }, index): readonly Fault[] => {
    const short = shortName(name);
    const first = seen.get(short);
    if (short !== "" && first === undefined) {
      seen.set(short, index);
      return [];
    }
    const found =
      short === ""
        ? `text "${name}", without a letter or digit`
        : `text "${name}", of which the path is "/${short}", as of models[${first ?? 0}].name`;
    return [
      {
        path: `models[${index}].name`,
        found,
        needed: "a name whose letters and digits are its own",
        fix: "give the model another `name`",
      },
    ];
  });
}

function storage({ profile }: ServedInput): readonly Fault[] {
  const { faultTolerance, redisStorageGib } = profile.serving;
  if (faultTolerance === "off" || redisStorageGib !== undefined) return [];
  const needed = "the size of the volume that keeps the head's state: without one it is lost with its pod";
  return [
    {
      path: "serving.redisStorageGib",
      found: "nothing, with `faultTolerance: redis`",
      needed,
      fix: "write `redisStorageGib: 1`",
    },
  ];
}

function autoscaling({ profile, serving }: ServedInput, ones: readonly OnePlan[]): readonly Fault[] {
  return profile.models.flatMap(({ name, autoscaling: wish }, index): readonly Fault[] => {
    const plan = serving.models.find((one) => one.name === name);
    const one = ones.find((each) => each.plan.name === name);
    if (wish === undefined || plan === undefined || one === undefined) return [];
    const path = `models[${index}].autoscaling`;
    if (!one.pods.oneNode) {
      const found = "a model whose replicas are over several nodes";
      return [
        { path, found, needed: "replicas of one node each: Ray starts pods one by one", fix: "remove `autoscaling`" },
      ];
    }
    if (wish.minReplicas <= plan.replicas) return [];
    const needed = `at most the ${plan.replicas} replicas that the plan has room for`;
    return [
      { path: `${path}.minReplicas`, found: `${wish.minReplicas} replicas`, needed, fix: `write ${plan.replicas}` },
    ];
  });
}

/** Pods of models on nodes whose memory and CPUs the stack itself gives. */
function nodes({ profile }: ServedInput, ones: readonly OnePlan[]): readonly Fault[] {
  if (!("hosts" in profile)) return [];
  return profile.pools.flatMap((pool, index): readonly Fault[] => {
    const pods = ones.flatMap((one) => one.pods.groups).filter((group) => group.pool === pool.name);
    // As many pods of the greediest kind as a node has GPUs for.
    const most = (of: (group: (typeof pods)[number]) => number): number =>
      Math.max(0, ...pods.map((group) => of(group) * Math.floor((pool.gpusPerNode ?? 1) / group.gpus)));
    const memory = Math.ceil(most((group) => group.memory / GIB)) + systemGib;
    const cpus = most((group) => group.cpus) + 1;
    const place = `pools[${index}]`;
    const short = (key: string, has: number, wants: number, unit: string): readonly Fault[] =>
      has >= wants
        ? []
        : [
            {
              path: `${place}.${key}`,
              found: `${has} ${unit}`,
              needed: `at least ${wants} ${unit} for the pods of its models`,
              fix: `write ${wants}`,
            },
          ];
    return [...short("memoryGib", pool.memoryGib, memory, "GiB"), ...short("cores", pool.cores, cpus, "threads")];
  });
}

/** /dev/shm is memory of the pod, and a rank's process needs some besides. */
const smallPods = ({ profile }: ServedInput, ones: readonly OnePlan[]): readonly Fault[] =>
  profile.models.flatMap(({ name, pod: { memoryGib } }, index): readonly Fault[] => {
    const groups = ones.find(({ plan }) => plan.name === name)?.pods.groups ?? [];
    const least = Math.max(0, ...groups.map(({ sharedMemory, gpus }) => Math.ceil(sharedMemory / GIB) + 2 + 2 * gpus));
    if (memoryGib === undefined || memoryGib >= least) return [];
    const needed = `at least ${least} GiB: /dev/shm, and 2 GiB for Ray and for each rank's process`;
    return [{ path: `models[${index}].pod.memoryGib`, found: `${memoryGib} GiB`, needed, fix: `write ${least}` }];
  });

/** Every fault of stage 7 but the upgrade's. */
export const servedFaults = (input: ServedInput, ones: readonly OnePlan[]): readonly Fault[] => [
  ...sameNames(input),
  ...storage(input),
  ...autoscaling(input, ones),
  ...nodes(input, ones),
  ...envFaults(input, ones),
  ...smallPods(input, ones),
  ...loraFaults(input, ones),
];
