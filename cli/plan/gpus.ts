/**
 * `--gpus`: hardware without a stack file. One item is
 * `[<nodes>x[<GPUs a node>x]]<card>[:nvlink][:pcie<generation>x<width>][@<rate>GbE|@<rate>IB]`; items are joined by
 * commas. With a rate anywhere there is a network, and the first number counts nodes; without one, all is one machine
 * and the number counts cards.
 */
import { gpuModel, gpuModels, type GpuModel } from "../../catalog/gpus";
import type { Fault } from "../../config/errors";
import type { Gpu, Hardware, Network, PcieSlot } from "../../plan/cluster/hardware";
import { nearest } from "../../plan/cluster/names";
import { UsageError } from "./usage";

/** One item as it was typed. */
interface Item {
  readonly text: string;
  /** First and second number. */
  readonly counts: readonly number[];
  readonly model: GpuModel;
  readonly nvlink: boolean;
  readonly slot: PcieSlot;
  readonly network?: Network;
}

const example = "3x3090@10GbE, 8xa100 or 2x8xh100@400IB";
const most = { nodes: 256, gpus: 16 } as const;

const fault = (text: string, found: string, needed: string, fix: string): Fault => ({
  path: "--gpus",
  found: `"${text}"${found === "" ? "" : `: ${found}`}`,
  needed,
  fix,
});

function networkOf(text: string, rate: string, faults: Fault[]): Network | undefined {
  const match = /^(\d+(?:\.\d+)?)(GbE|IB)$/i.exec(rate);
  const gbitPerSecond = Number(match?.[1] ?? 0);
  if (match !== null && gbitPerSecond > 0 && gbitPerSecond <= 10_000) {
    return { gbitPerSecond, rdma: match[2]?.toLowerCase() === "ib" };
  }
  faults.push(
    fault(text, `the rate "${rate}"`, "gigabits a second and what they are, as 10GbE or 100IB", "write @10GbE"),
  );
  return undefined;
}

/** The card's own slot, or a lesser one; a card does not get more out of a better one. */
function slotOf(text: string, option: string, { pcie }: GpuModel, faults: Fault[]): PcieSlot {
  const match = /^pcie([345])x(1|2|4|8|16)$/i.exec(option);
  if (match === null) {
    const needed = "nvlink, or pcie<3|4|5>x<1|2|4|8|16>";
    faults.push(fault(text, `the option ":${option}"`, needed, "write :nvlink or :pcie4x8, or remove it"));
    return pcie;
  }
  // The two patterns above allow these numbers only.
  const generation = Math.min(Number(match[1]), pcie.generation) as PcieSlot["generation"];
  return { generation, width: Number(match[2]) as PcieSlot["width"] };
}

function modelOf(text: string, name: string, faults: Fault[]): GpuModel | undefined {
  const model = gpuModel(name);
  if (model !== undefined) return model;
  const known = gpuModels.flatMap(({ id, aliases }) => [id, ...aliases]);
  const near = nearest(name, known);
  const needed = `one of ${gpuModels.map(({ id }) => id).join(", ")}`;
  faults.push(
    fault(text, `the card "${name}"`, needed, near === undefined ? "take one of these" : `did you mean ${near}?`),
  );
  return undefined;
}

function itemOf(text: string, faults: Fault[]): Item | undefined {
  const match = /^(?:(\d+)x(?:(\d+)x)?)?([a-z0-9][\w .-]*)((?::[^:@]*)*)(?:@(.*))?$/i.exec(text);
  if (match === null) {
    faults.push(fault(text, "", `an item like ${example}`, "see `npm run plan -- --help`"));
    return undefined;
  }
  const [, first, second, card = "", options = "", rate] = match;
  const model = modelOf(text, card, faults);
  if (model === undefined) return undefined;
  const list = options.split(":").slice(1);
  const nvlink = list.some((option) => option.toLowerCase() === "nvlink");
  if (nvlink && model.nvlink === undefined) {
    faults.push(fault(text, `nvlink, which the ${model.name} does not have`, "a card with NVLink", "remove :nvlink"));
  }
  const slots = list.filter((option) => option.toLowerCase() !== "nvlink");
  const slot = slots.map((option) => slotOf(text, option, model, faults)).at(-1) ?? model.pcie;
  const network = rate === undefined ? undefined : networkOf(text, rate, faults);
  const counts = [first, second].filter((n) => n !== undefined).map(Number);
  return { text, counts, model, nvlink, slot, ...(network === undefined ? {} : { network }) };
}

/** Nodes and GPUs in each. */
function sizeOf({ text, counts }: Item, networked: boolean, faults: Fault[]): readonly [nodes: number, gpus: number] {
  const [first = 1, second] = counts;
  const size = second !== undefined || networked ? ([first, second ?? 1] as const) : ([1, first] as const);
  const [nodes, gpus] = size;
  if (nodes < 1 || gpus < 1 || nodes > most.nodes || gpus > most.gpus) {
    const needed = `1 to ${most.nodes} nodes with 1 to ${most.gpus} GPUs each`;
    faults.push(fault(text, `${nodes} nodes with ${gpus} GPUs each`, needed, "write other numbers"));
  }
  if (nodes > 1 && !networked) {
    faults.push(fault(text, `${nodes} nodes and no network`, "what joins the nodes", `write ${text}@10GbE`));
  }
  return size;
}

/** NVLink: a switch joins all GPUs of a node and is always there; bridges join pairs, where they were asked for. */
function nvlinkGroup({ model, nvlink }: Item, node: string, index: number): Pick<Gpu, "nvlinkGroup"> {
  if (model.nvlink?.wiring === "switch") return { nvlinkGroup: `${node}/${model.id}` };
  return nvlink ? { nvlinkGroup: `${node}/${model.id}/${Math.floor(index / 2)}` } : {};
}

function oneNetwork(items: readonly Item[], faults: Fault[]): Network | undefined {
  const rates = new Map(
    items.flatMap(({ network }) => (network === undefined ? [] : [[JSON.stringify(network), network]])),
  );
  if (rates.size > 1) {
    const text = items.map((item) => item.text).join(",");
    faults.push(fault(text, `${rates.size} rates`, "one network that joins all nodes", "write the slowest rate once"));
  }
  return [...rates.values()][0];
}

/** All GPUs, node by node: with a network each item has nodes of its own, without one all are in one machine. */
function gpusOf(
  items: readonly Item[],
  sizes: readonly (readonly [number, number])[],
  networked: boolean,
): readonly Gpu[] {
  const counted = new Map<string, number>();
  let nodes = 0;
  return items.flatMap((item, position) => {
    const [nodeCount, gpuCount] = sizes[position] ?? [1, 1];
    return Array.from({ length: nodeCount }, () => (networked ? `node-${++nodes}` : "machine")).flatMap((node) =>
      Array.from({ length: gpuCount }, (_, index): Gpu => {
        const own = counted.get(node) ?? 0;
        counted.set(node, own + 1);
        const { model, slot } = item;
        const place = { id: `${node}/${own}`, node, pool: model.id };
        return { ...place, model, slot, passthrough: false, ...nvlinkGroup(item, node, index) };
      }),
    );
  });
}

/** Nothing joins the nodes of a single machine; the planner never looks at it. */
const noNetwork: Network = { gbitPerSecond: 10, rdma: false };

/** @throws UsageError with everything that cannot be understood */
export function parseGpus(texts: readonly string[]): Hardware {
  const faults: Fault[] = [];
  const parts = texts.flatMap((text) => text.split(",")).map((text) => text.trim());
  const items = parts.flatMap((text) => itemOf(text, faults) ?? []);
  const network = oneNetwork(items, faults);
  const networked = parts.some((text) => text.includes("@"));
  const sizes = items.map((item) => sizeOf(item, networked, faults));
  if (faults.length > 0) throw new UsageError(faults);
  return { gpus: gpusOf(items, sizes, networked), network: network ?? noNetwork };
}
