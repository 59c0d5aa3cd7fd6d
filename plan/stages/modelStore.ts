/** Stage 6: one volume, and one download for each model revision. */
import type { ClusterModelProfile } from "../../config/schema";
import { gib, gibToBytes, minutesToSeconds } from "../../catalog/units";
import type { ServingPlan } from "../cluster/types";
import { weightsPerRank } from "../memory/weights";
import { planImages, planPull, type ImagesPlan, type PullPlan } from "./images";
import { modelDirectory, objectNames, slug } from "./names";
import { onPool } from "./scheduling";
import { sourceOf, type DownloadSource, type Hub } from "./modelSource";
import { storeFaults, storeUnmet, storeWarnings } from "./modelStoreFaults";
import type { ServedStore } from "./servedTypes";
import type { Scheduling, Staged, StageInput } from "./types";

/** What holds the models. */
export type VolumePlan =
  | {
      readonly kind: "made";
      readonly claim: string;
      readonly storageClass?: string;
      readonly accessMode: "ReadWriteMany" | "ReadWriteOnce";
      readonly sizeGib: number;
    }
  | {
      readonly kind: "given";
      readonly claim: string;
      /** Relative to its top. @default all of it */
      readonly directory?: string;
    }
  /** A directory of the one node, as a volume and a claim of ours. */
  | { readonly kind: "hostPath"; readonly claim: string; readonly path: string; readonly sizeGib: number };

/** One model on the volume. */
export interface StoredModelPlan {
  /** Served model name. */
  readonly name: string;
  /** Name of its Job: another revision is another Job. */
  readonly job: string;
  /** Where it lies in every pod that mounts the volume. */
  readonly directory: string;
  readonly source: DownloadSource;
  /** Whose credentials it is downloaded with. */
  readonly hub: Hub;
  readonly allowPickle: boolean;
  /** Bounds of what is downloaded in bytes, around what the plan is for: another model under this name is found out. */
  readonly bytes: { readonly least: number; readonly most: number };
}

/** Stage 6 as decided. */
export interface ModelStorePlan extends PullPlan {
  readonly namespace: string;
  readonly volume: VolumePlan;
  /** The volume refuses to be deleted. */
  readonly protect: boolean;
  readonly models: readonly StoredModelPlan[];
  /** Runs the downloader, one JavaScript file. */
  readonly image: string;
  readonly scheduling: Scheduling;
  /** Seconds for all downloads. */
  readonly deadlineSeconds: number;
  /** What the downloads may connect to. */
  readonly egress: { readonly ports: readonly number[]; readonly onSite: boolean };
}

/** Room for compile caches, in GiB a model: those of vLLM, inductor and Triton for one kind of card, and again for the next version. */
const cacheGib = 10;
/** This revision and the next one lie beside each other. */
const revisions = 2;
/** Files of a repository beside its weights, and how far published sizes are off the shape's. */
const slack = 1.15;

const weightsOf = ({ shape }: ServingPlan): number => {
  const [whole] = weightsPerRank(shape, { tensorParallel: 1, pipelineParallel: 1 });
  return whole === undefined ? 0 : whole.total - whole.rope;
};

function storedModel(model: ClusterModelProfile, serving: ServingPlan, allowPickle: boolean): StoredModelPlan {
  const { name, revision = "main" } = model;
  const { source, hub } = sourceOf(model);
  const weights = model.weightBytes ?? weightsOf(serving);
  return {
    name,
    job: `download-${slug(`${name}-${revision}`).slice(0, 40).replace(/-+$/, "")}`,
    directory: modelDirectory(model.source, revision),
    source,
    hub,
    allowPickle,
    // Half: a repository may hold them in another format beside. Twice: some hold them twice.
    bytes: { least: Math.floor(weights / 2), most: Math.ceil(2 * slack * weights) },
  };
}

/** Nodes that models may run on, by the pools of their ranks: any node of a pool may get the next pod. */
export function mountingNodes({ serving, hardware, pools }: StageInput): number {
  const poolOf = new Map(hardware.gpus.map(({ id, pool }) => [id, pool]));
  const used = new Set(serving.models.flatMap(({ ranks }) => ranks.map(({ gpu }) => poolOf.get(gpu) ?? "")));
  return pools.filter(({ name }) => used.has(name)).reduce((sum, { count }) => sum + count, 0);
}

function planVolume(input: StageInput): VolumePlan {
  const { modelStore, models } = input.profile;
  const { existingClaim, existingDirectory, hostPath, storageClass } = modelStore;
  const weights = input.serving.models.reduce((sum, model) => sum + weightsOf(model), 0);
  const needed = Math.ceil((revisions * slack * weights) / gibToBytes(gib(1))) + cacheGib * models.length;
  const sizeGib = modelStore.sizeGib ?? needed;
  if (existingClaim !== undefined)
    return {
      kind: "given",
      claim: existingClaim,
      ...(existingDirectory === undefined ? {} : { directory: existingDirectory }),
    };
  const claim = objectNames.modelClaim;
  if (hostPath !== undefined) return { kind: "hostPath", claim, path: hostPath, sizeGib };
  const accessMode = modelStore.accessMode ?? (mountingNodes(input) > 1 ? "ReadWriteMany" : "ReadWriteOnce");
  return { kind: "made", claim, ...(storageClass === undefined ? {} : { storageClass }), accessMode, sizeGib };
}

/** A volume that one node mounts is filled on that node; any other wherever there is room. */
function schedulingOf({ pools, serving, hardware }: StageInput): Scheduling {
  const poolOf = new Map(hardware.gpus.map(({ id, pool }) => [id, pool]));
  const name = poolOf.get(serving.models[0]?.ranks[0]?.gpu ?? "");
  const pool = pools.find((one) => one.name === name);
  return pool === undefined ? { nodeSelector: {}, tolerations: [] } : onPool(pool);
}

/** Plans stage 6. */
export function planModelStore(
  input: StageInput,
  images: ImagesPlan = planImages(input.profile),
): Staged<ModelStorePlan> {
  const { modelStore, models, serving } = input.profile;
  const volume = planVolume(input);
  const stored = models.flatMap((model, index) => {
    const planned = input.serving.models[index];
    return planned === undefined ? [] : [storedModel(model, planned, modelStore.allowPickle)];
  });
  const ports = [...new Set(stored.map(({ source }) => portOf(source.endpoint)))].sort((a, b) => a - b);
  return {
    plan: {
      namespace: serving.namespace,
      volume,
      protect: modelStore.protect,
      models: stored,
      image: images.node,
      ...planPull(input.profile),
      scheduling: schedulingOf(input),
      deadlineSeconds: minutesToSeconds(60 * modelStore.downloadHours),
      egress: { ports, onSite: models.some(({ download }) => download?.endpoint !== undefined) },
    },
    faults: storeFaults(input, volume),
    unmet: storeUnmet(input, volume),
    warnings: storeWarnings(input, volume),
  };
}

/** The port of an address, its scheme's own where it names none. */
function portOf(endpoint: string): number {
  const { port, protocol } = new URL(endpoint);
  if (port !== "") return Number(port);
  return protocol === "http:" ? 80 : 443;
}

/** Where the models lie, for the stage that serves them. */
export const storeOf = ({ volume, models }: ModelStorePlan): ServedStore => ({
  claim: volume.claim,
  ...(volume.kind === "given" && volume.directory !== undefined ? { directory: volume.directory } : {}),
  directories: Object.fromEntries(models.map(({ name, directory }) => [name, directory])),
});
