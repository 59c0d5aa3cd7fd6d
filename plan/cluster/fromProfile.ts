/** From what the user asked for to what the planner takes: the GPUs there are, and the models to serve. */
import type { Fault } from "../../config/errors";
import type { ClusterModelProfile, ClusterProfile, ExistingProfile, ProxmoxProfile } from "../../config/schema";
import { modelShape, modelShapes, type ModelShape } from "../../catalog/modelShapes";
import { shapeFromConfig } from "../../catalog/shapes/fromConfig";
import { gpuModel, gpuModels, type GpuModel } from "../../catalog/gpus";
import type { Placement } from "../placement";
import type { Gpu, Hardware, PcieSlot } from "./hardware";
import { nearest, nearestModelIds } from "./names";
import type { Pins, ServingRequest } from "./types";

/** What was found for a cluster before anything is made. */
export interface ClusterFacts {
  /** Parsed `config.json` of the models that name one, by served model name. */
  readonly modelConfigs: Readonly<Record<string, unknown>>;
}

/** A cluster as the planner takes it. Models and GPUs with a fault are left out. */
export interface ClusterInput {
  readonly hardware: Hardware;
  readonly requests: readonly ServingRequest[];
  readonly faults: readonly Fault[];
}

type Slot = { readonly generation?: 3 | 4 | 5 | undefined; readonly width?: PcieSlot["width"] | undefined } | undefined;

/** The slot as the card can use it: never more than the card's own. */
function slotOf({ pcie }: GpuModel, slot: Slot): PcieSlot {
  const { generation = pcie.generation, width = pcie.width } = slot ?? {};
  return {
    generation: generation < pcie.generation ? generation : pcie.generation,
    width: width < pcie.width ? width : pcie.width,
  };
}

/** A card by its name, or a fault with the nearest one. */
function cardOf(path: string, name: string, faults: Fault[]): GpuModel | undefined {
  const model = gpuModel(name);
  if (model !== undefined) return model;
  const near = nearest(
    name,
    gpuModels.flatMap(({ id, aliases }) => [id, ...aliases]),
  );
  const id = near === undefined ? undefined : gpuModel(near)?.id;
  const needed = `one of ${gpuModels.map((gpu) => gpu.id).join(", ")}`;
  const fix = id === undefined ? "write one of these" : `did you mean \`${id}\`?`;
  faults.push({ path, found: `text "${name}", a card that the catalogue does not know`, needed, fix });
  return undefined;
}

/** Cards that are wrong where hosts and pools name them; each wrong name once. */
function wrongCards({ hosts, pools }: ProxmoxProfile, faults: Fault[]): void {
  const seen = new Set<string>();
  const check = (path: string, name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    cardOf(path, name, faults);
  };
  hosts.forEach((host, index) =>
    host.gpus.forEach(({ card }, gpu) => check(`hosts[${index}].gpus[${gpu}].card`, card)),
  );
  pools.forEach(({ card }, index) => card === undefined || check(`pools[${index}].card`, card));
}

/** NVLink between cards that have none. */
function wrongBridges({ hosts }: ProxmoxProfile, faults: Fault[]): void {
  hosts.forEach((host, index) => {
    host.nvlink.forEach((pair, position) => {
      const cards = host.gpus.filter(({ pci }) => pair.includes(pci)).map(({ card }) => gpuModel(card));
      const [first, second] = cards;
      if (first === undefined || second === undefined) return;
      const path = `hosts[${index}].nvlink[${position}]`;
      const without = [first, second].find(({ nvlink }) => nvlink === undefined);
      if (without !== undefined) {
        const needed = "cards that have NVLink";
        faults.push({ path, found: `${without.name}, which has no NVLink`, needed, fix: "remove the pair" });
      } else if (first.id !== second.id) {
        const found = `${first.name} and ${second.name}`;
        faults.push({ path, found, needed: "two equal cards: a bridge joins no others", fix: "correct the pair" });
      }
    });
  });
}

function proxmoxGpus(profile: ProxmoxProfile, { vms }: Placement, faults: Fault[]): readonly Gpu[] {
  wrongCards(profile, faults);
  wrongBridges(profile, faults);
  const slots = new Map(profile.hosts.flatMap(({ gpus }) => gpus.map(({ name, slot }) => [name, slot] as const)));
  return vms.flatMap((vm) =>
    vm.gpus.flatMap(({ name, card, nvlinkGroup }, index): Gpu[] => {
      const model = gpuModel(card);
      if (model === undefined) return [];
      return [
        {
          id: `${vm.name}/${index}`,
          model,
          node: vm.name,
          pool: vm.pool,
          slot: slotOf(model, slots.get(name)),
          passthrough: true,
          ...(nvlinkGroup === undefined ? {} : { nvlinkGroup }),
        },
      ];
    }),
  );
}

/** The group of a GPU in a node, by what joins the node's GPUs; a bridge joins two neighbours. */
function groupOf(node: string, index: number, nvlink: "none" | "pairs" | "switch"): { nvlinkGroup?: string } {
  if (nvlink === "none") return {};
  return { nvlinkGroup: nvlink === "switch" ? `${node}/nvlink` : `${node}/nvlink-${Math.floor(index / 2)}` };
}

function existingGpus({ pools }: ExistingProfile, faults: Fault[]): readonly Gpu[] {
  return pools.flatMap((pool, position) => {
    if (pool.card === undefined) return [];
    const model = cardOf(`pools[${position}].card`, pool.card, faults);
    if (model === undefined) return [];
    const nvlink = pool.nvlink ?? (model.nvlink?.wiring === "switch" ? "switch" : "none");
    if (nvlink !== "none" && model.nvlink === undefined) {
      const path = `pools[${position}].nvlink`;
      const fix = "write `nvlink: none`, or remove it";
      faults.push({ path, found: `${nvlink} with ${model.name}`, needed: "a card that has NVLink", fix });
    }
    const perNode = pool.gpusPerNode ?? 1;
    const slot = slotOf(model, pool.slot);
    const { name, passthrough } = pool;
    return Array.from({ length: pool.count * perNode }, (_, index): Gpu => {
      const node = `${name}-${Math.floor(index / perNode) + 1}`;
      const own = index % perNode;
      const group = perNode === 1 ? {} : groupOf(node, own, nvlink);
      return { id: `${node}/${own}`, model, node, pool: name, slot, passthrough, ...group };
    });
  });
}

/** Without the keys that are not set, as optional fields are either there or absent. */
function pinsOf(model: ClusterModelProfile): Pins {
  const { tensorParallel, pipelineParallel, replicas, layerPartition, expertParallel } = model;
  const { gpuMemoryUtilization, maxNumBatchedTokens, maxNumSeqs, kvCacheDtype, dtype, enforceEager } = model;
  const { cpuOffloadGib, pools, toolParser, reasoningParser, tensorParallelOverNetwork } = model;
  return {
    ...(tensorParallel === undefined ? {} : { tensorParallel }),
    ...(pipelineParallel === undefined ? {} : { pipelineParallel }),
    ...(replicas === undefined ? {} : { replicas }),
    ...(layerPartition === undefined ? {} : { layerPartition }),
    ...(expertParallel === undefined ? {} : { expertParallel }),
    ...(gpuMemoryUtilization === undefined ? {} : { gpuMemoryUtilization }),
    ...(maxNumBatchedTokens === undefined ? {} : { maxNumBatchedTokens }),
    ...(maxNumSeqs === undefined ? {} : { maxNumSeqs }),
    ...(kvCacheDtype === undefined ? {} : { kvCacheDtype }),
    ...(dtype === undefined ? {} : { dtype }),
    ...(enforceEager === undefined ? {} : { enforceEager }),
    ...(cpuOffloadGib === undefined ? {} : { cpuOffloadGib }),
    ...(pools === undefined ? {} : { pools }),
    ...(toolParser === undefined ? {} : { toolParser }),
    ...(reasoningParser === undefined ? {} : { reasoningParser }),
    ...(tensorParallelOverNetwork === undefined ? {} : { tensorParallelOverNetwork }),
  };
}

/** The shape by the model's own config.json where one is given, else by the catalogue. */
function shapeOf(
  model: ClusterModelProfile,
  index: number,
  facts: ClusterFacts,
  faults: Fault[],
): ModelShape | undefined {
  if (model.config !== undefined) {
    const result = shapeFromConfig(facts.modelConfigs[model.name], model.source);
    if ("shape" in result) return result.shape;
    const file = model.config;
    faults.push(
      ...result.faults.map((fault) => ({ ...fault, path: `models[${index}].config: ${file}: ${fault.path}` })),
    );
    return undefined;
  }
  const shape = modelShape(model.source);
  if (shape !== undefined) return shape;
  const near = nearestModelIds(
    model.source,
    modelShapes.map(({ id }) => id),
  );
  faults.push({
    path: `models[${index}].source`,
    found: `text "${model.source}", a model that the catalogue does not know`,
    needed: `a model of the catalogue, or its own config.json; the nearest are ${near.join(", ")}`,
    fix: `write one of these, or download the model's config.json and name the file in \`models[${index}].config\``,
  });
  return undefined;
}

function requestsOf(models: ClusterProfile["models"], facts: ClusterFacts, faults: Fault[]): readonly ServingRequest[] {
  return models.flatMap((model, index): ServingRequest[] => {
    const shape = shapeOf(model, index, facts, faults);
    if (shape === undefined) return [];
    const { name, contextTokens, concurrency, weightBytes } = model;
    return [
      {
        name,
        shape,
        path: `models[${index}]`,
        ...(contextTokens === undefined ? {} : { contextTokens }),
        ...(concurrency === undefined ? {} : { concurrency }),
        ...(weightBytes === undefined ? {} : { weightBytes }),
        pins: pinsOf(model),
      },
    ];
  });
}

/** What the planner takes of a stack on Proxmox. @param placement of the same profile: VMs are its nodes */
export function proxmoxInput(profile: ProxmoxProfile, placement: Placement, facts: ClusterFacts): ClusterInput {
  const faults: Fault[] = [];
  const { gbitPerSecond, rdma } = profile.network;
  const gpus = proxmoxGpus(profile, placement, faults);
  const requests = requestsOf(profile.models, facts, faults);
  return { hardware: { gpus, network: { gbitPerSecond, rdma } }, requests, faults };
}

/** What the planner takes of a stack on an existing cluster. Its nodes are named after their pool: "<pool>-<n>". */
export function existingInput(profile: ExistingProfile, facts: ClusterFacts): ClusterInput {
  const faults: Fault[] = [];
  const { gbitPerSecond, rdma } = profile.network;
  const gpus = existingGpus(profile, faults);
  const requests = requestsOf(profile.models, facts, faults);
  return { hardware: { gpus, network: { gbitPerSecond, rdma } }, requests, faults };
}
