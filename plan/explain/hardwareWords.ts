/** The hardware in one line: "3 nodes with 1 x RTX 3090 each, 1 node with 1 x RTX 3060, 10 GbE". */
import type { Gpu, Hardware } from "../cluster/hardware";
import { count, networkWords } from "./words";

/** GPUs by node, in the order of the hardware. */
export function nodesOf(gpus: readonly Gpu[]): ReadonlyMap<string, readonly Gpu[]> {
  const nodes = new Map<string, Gpu[]>();
  for (const gpu of gpus) {
    const own = nodes.get(gpu.node) ?? [];
    nodes.set(gpu.node, [...own, gpu]);
  }
  return nodes;
}

const slotWords = ({ slot }: Gpu): string => `PCIe ${slot.generation}.0 x${slot.width}`;

/** How the GPUs of one node reach each other: "NVLink", "NVLink in pairs", "PCIe 4.0 x8"; empty for a single GPU. */
export function joinWords(gpus: readonly Gpu[]): string {
  if (gpus.length < 2) return "";
  const groups = new Set(gpus.map(({ nvlinkGroup }) => nvlinkGroup ?? ""));
  if (!groups.has("")) return groups.size === 1 ? "NVLink" : "NVLink in pairs";
  const slots = [...new Set(gpus.map(slotWords))];
  const linked = groups.size > 1 ? ", some by NVLink" : "";
  return `${slots.join(" and ")}${linked}`;
}

/** "8 x A100 80GB SXM4 (NVLink)": the cards of one node. */
export function cardWords(gpus: readonly Gpu[]): string {
  const names = [...new Set(gpus.map(({ model }) => model.name))];
  const cards = names.map((name) => `${gpus.filter(({ model }) => model.name === name).length} x ${name}`);
  const join = joinWords(gpus);
  return `${cards.join(" + ")}${join === "" ? "" : ` (${join})`}`;
}

/** All nodes and what joins them. */
export function hardwareWords({ gpus, network }: Hardware): string {
  const nodes = [...nodesOf(gpus).values()].map(cardWords);
  if (nodes.length === 1) return `1 machine with ${nodes[0] ?? ""}`;
  const kinds = [...new Set(nodes)].map((kind) => {
    const alike = nodes.filter((node) => node === kind).length;
    return `${count(alike, "node")} with ${kind}${alike > 1 ? " each" : ""}`;
  });
  return `${kinds.join(", ")}, ${networkWords(network)}`;
}
