/** Names and numbers as the sentences of a plan say them. */
import { MIB, bytes, bytesToGib, formatGib } from "../../catalog/units";
import type { Gpu, Network } from "../cluster/hardware";
import type { Layout } from "../memory/layout";
import type { Option } from "./candidates";
import { countedCards } from "./pools";

/** "TP 2", "PP 3", "TP 4 x PP 2", "one GPU", with "and whole experts" where they are. */
export function layoutName({ tensorParallel, pipelineParallel, expertParallel }: Layout): string {
  const parts = [
    ...(tensorParallel > 1 ? [`TP ${tensorParallel}`] : []),
    ...(pipelineParallel > 1 ? [`PP ${pipelineParallel}`] : []),
  ];
  const name = parts.length === 0 ? "one GPU" : parts.join(" x ");
  return expertParallel === true ? `${name} with expert parallel` : name;
}

/** "10 Gb/s Ethernet", "200 Gb/s RDMA". */
export const networkName = ({ gbitPerSecond, rdma }: Network): string =>
  `${gbitPerSecond} Gb/s ${rdma ? "RDMA" : "Ethernet"}`;

/** "10,651". */
export function amount(count: number): string {
  const digits = String(Math.round(count));
  const groups: string[] = [];
  // Not a regular expression: a search writes very many of them.
  for (let end = digits.length; end > 0; end -= 3) groups.unshift(digits.slice(Math.max(0, end - 3), end));
  return groups.join(",");
}

/** Tokens: "32k" for 32,768; other numbers as they are. */
export const tokens = (count: number): string =>
  count >= 1024 && count % 1024 === 0 ? `${count / 1024}k` : amount(count);

/** "once", "3 times". */
export const times = (count: number): string => (count === 1 ? "once" : `${count} times`);

/** Seconds in the unit that reads best: "3.4 ms", "22 ms", "2.4 s", "under 0.1 ms". */
export const duration = (seconds: number): string => {
  const ms = seconds * 1000;
  if (ms < 0.05) return "under 0.1 ms";
  if (ms >= 1000) return `${(Math.round(ms / 10) / 100).toFixed(ms >= 10_000 ? 0 : 1)} s`;
  return `${ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)} ms`;
};

/** Bytes as GiB with one decimal at most; as MiB where that would read 0 GiB. */
export const inGib = (size: number): string => {
  const mib = Math.max(0, size) / MIB;
  return mib > 0 && mib < 51 ? `${Math.ceil(mib)} MiB` : formatGib(bytesToGib(bytes(Math.max(0, size))));
};

/** "TP 2 over 10 Gb/s Ethernet", "PP 3 in one node", "one RTX 3090". */
export function optionName(
  { layout, reach, cards }: Pick<Option, "layout" | "reach" | "cards">,
  network: Network,
): string {
  const card = [...new Set(cards.map(({ name }) => name))].join(" and ");
  if (reach === "one GPU") return `one ${card}`;
  const where = reach === "network" || reach === "network tensor" ? `over ${networkName(network)}` : "in one node";
  return `${layoutName(layout)} on ${card} ${where}`;
}

/** The first letter as a capital. */
export const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** "2 x RTX 3090 (gpu-1, gpu-2)". */
export function withNodes(gpus: readonly Gpu[]): string {
  const nodes = [...new Set(gpus.map(({ node }) => node))];
  const named = nodes.length > 6 ? `${nodes.slice(0, 5).join(", ")} and ${nodes.length - 5} more` : nodes.join(", ");
  return nodes.length === 0 ? "no GPU" : `${countedCards(gpus)} (${named})`;
}
