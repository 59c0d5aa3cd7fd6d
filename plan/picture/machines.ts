/** Hosts, nodes and the network that joins them, on a grid. */
import type { Network } from "../cluster/hardware";
import { cardWords } from "../explain/hardwareWords";
import { networkWords } from "../explain/words";
import { beside, lineHeight, paragraph, stack, textAt, type Block } from "./block";
import { barsOf, gpuBlock, type Entry, type GpuScale } from "./gpu";
import { cutText, element, textWidth } from "./svg";
import { fillAndEdge, stroke } from "./theme";

/** A node, or a VM without GPUs. */
export interface PictureNode {
  readonly name: string;
  /** Under the name, after the GPUs: "8 CPUs, 64 GiB". */
  readonly note: string;
  readonly entries: readonly Entry[];
}

/** A host with its VMs; a node that is no VM stands for itself. */
export interface Machine {
  /** Undefined: not a host with VMs in it. */
  readonly host?: string;
  /** Lines under the host's name. */
  readonly notes?: readonly string[];
  readonly nodes: readonly PictureNode[];
}

const pad = 12;
const gap = 14;
/** Space for the bracket of NVLink at the left of a GPU in px. */
const bracket = 10;
const title = 13;
const small = 11;

/** A bracket at the left of the bars of the GPUs that one NVLink bridge or switch joins. */
function bracketPath(group: string, entries: readonly Entry[], tops: readonly number[]): string {
  const members = entries.flatMap((entry, index) => {
    if (!entry.gpus.some(({ nvlinkGroup }) => nvlinkGroup === group)) return [];
    const { top, bottom } = barsOf(entry);
    const above = tops[index] ?? 0;
    return [{ from: above + top, to: above + bottom, several: entry.gpus.length > 1 }];
  });
  const [first] = members;
  const last = members.at(-1);
  if (first === undefined || last === undefined || (members.length === 1 && !first.several)) return "";
  const ends = members.flatMap(({ from, to, several }) => (several ? [from + 1, to - 1] : [(from + to) / 2]));
  return `M0 ${ends[0] ?? 0}V${ends.at(-1) ?? 0}${ends.map((at) => `M0 ${at}h6`).join("")}`;
}

/** Entries of one column under each other. */
function gpuColumn(entries: readonly Entry[], scale: GpuScale): Block {
  const blocks = entries.map((entry) => gpuBlock(entry, scale));
  const all = stack(blocks, gap);
  const tops = blocks.map((_, index) => blocks.slice(0, index).reduce((sum, { height }) => sum + height + gap, 0));
  const groups = [...new Set(entries.flatMap(({ gpus }) => gpus.flatMap(({ nvlinkGroup }) => nvlinkGroup ?? [])))];
  const paths = groups.map((group) => bracketPath(group, entries, tops)).filter((d) => d !== "");
  return {
    height: all.height,
    draw: (x, y) =>
      paths
        .map((d) => element("path", { transform: `translate(${x} ${y})`, d, "stroke-width": 2, ...stroke("nvlink") }))
        .join("") + all.draw(x + bracket, y),
  };
}

/** The frame of a node with its name, how its GPUs are joined, and the GPUs; at least so high. */
function nodeBlock(node: PictureNode, width: number, largest: number, atLeast = 0): Block {
  const { entries } = node;
  const columns = entries.length > 2 && width > 600 ? 2 : 1;
  const columnWidth = (width - 2 * pad - (columns - 1) * gap) / columns;
  const perColumn = Math.ceil(entries.length / columns);
  const cards = entries.flatMap((entry) => entry.gpus);
  const namesCard = new Set(cards.map(({ model }) => model.id)).size > 1;
  const scale = { width: columnWidth - bracket, namesCard, largest };
  const lists = Array.from({ length: columns }, (_, i) => entries.slice(i * perColumn, (i + 1) * perColumn));
  const gpus = beside(
    lists.map((list) => gpuColumn(list, scale)),
    columnWidth,
    gap,
  );
  const note = [cardWords(cards), node.note].filter((text) => text !== "").join(" · ");
  const notes = paragraph(note, width - 2 * pad, { size: small, colour: "dim" });
  const head = lineHeight(title) + notes.height;
  const height = Math.max(atLeast, 2 * pad + 2 + head + gpus.height);
  return {
    height,
    draw: (x, y) =>
      element("rect", { x, y, width, height, rx: 7, "stroke-width": 1.2, ...fillAndEdge("node", "line") }) +
      textAt(x + pad, y + pad + 10, cutText(node.name, width - 2 * pad, title, true), { size: title, bold: true }) +
      notes.draw(x + pad, y + pad + lineHeight(title) - 3) +
      gpus.draw(x + pad, y + pad + head + 4),
  };
}

/** A VM without GPUs: one line. */
function plainNode({ name, note }: PictureNode, width: number): Block {
  const height = 30;
  const noteWidth = textWidth(note, small);
  const room = width - 2 * pad - noteWidth - 8;
  return {
    height,
    draw: (x, y) =>
      element("rect", { x, y, width, height, rx: 7, "stroke-width": 1.2, ...fillAndEdge("node", "line") }) +
      textAt(x + pad, y + 19, cutText(name, room, 12, true), { size: 12, bold: true }) +
      textAt(x + width - pad, y + 19, note, { size: small, colour: "dim", anchor: "end" }),
  };
}

/** A host around its VMs, or a node alone; at least so high. */
function machineBlock({ host, notes = [], nodes }: Machine, width: number, largest: number, atLeast = 0): Block {
  if (host === undefined) {
    const least = nodes.length === 1 ? atLeast : 0;
    return stack(
      nodes.map((node) => nodeBlock(node, width, largest, least)),
      gap,
    );
  }
  const inner = width - 2 * pad;
  const about = stack(
    notes.map((note) => paragraph(note, inner, { size: small, colour: "dim" })),
    0,
  );
  const vms = nodes.map((node) =>
    node.entries.length === 0 ? plainNode(node, inner) : nodeBlock(node, inner, largest),
  );
  const inside = stack(vms.length === 0 ? [about] : [about, stack(vms, 10)], 8);
  const head = lineHeight(title);
  const height = Math.max(atLeast, inside.height + head + 2 * pad - 4);
  return {
    height,
    draw: (x, y) =>
      element("rect", { x, y, width, height, rx: 9, "stroke-width": 1.2, ...fillAndEdge("host", "line") }) +
      textAt(x + pad, y + pad + 10, cutText(`host ${host}`, inner, title, true), { size: title, bold: true }) +
      inside.draw(x + pad, y + pad + head - 3),
  };
}

/** Columns of the grid: as few rows as are still readable; four machines are two rows of two. */
export const gridColumns = (machines: number): number =>
  machines <= 3 ? Math.max(1, machines) : machines === 4 ? 2 : 3;

const busHeight = 34;

/** A row of machines, all as high as the highest. */
function rowBlock(machines: readonly Machine[], width: number, largest: number): Block {
  const highest = Math.max(...machines.map((machine) => machineBlock(machine, width, largest).height));
  return beside(
    machines.map((machine) => machineBlock(machine, width, largest, highest)),
    width,
    gap,
  );
}

/** The name of the network on its line. */
function networkLabel(x: number, bus: number, name: string): string {
  const width = textWidth(name, small, true) + 16;
  return (
    element("rect", { x, y: bus - 9, width, height: 18, rx: 9, ...fillAndEdge("page", "network") }) +
    textAt(x + width / 2, bus + 4, name, { size: small, colour: "network", bold: true, anchor: "middle" })
  );
}

/** A row hanging on the network by the middle of each machine. */
function hangingRow(row: Block, middles: readonly number[], left: number): Block {
  return {
    height: row.height + busHeight,
    draw: (x, y) => {
      const bus = y + 14;
      const drops = middles.map((middle) => `M${x + middle} ${bus}V${y + busHeight}`).join("");
      const d = `M${x - left} ${bus}H${x + (middles.at(-1) ?? 0)}${drops}`;
      return element("path", { d, "stroke-width": 2, ...stroke("network") }) + row.draw(x, y + busHeight);
    },
  };
}

/** A grid of machines, each row hanging on the network. */
function grid(machines: readonly Machine[], width: number, left: number, largest: number): readonly Block[] {
  const columns = gridColumns(machines.length);
  const each = (width - left - (columns - 1) * gap) / columns;
  return Array.from({ length: Math.ceil(machines.length / columns) }, (_, index) => {
    const row = machines.slice(index * columns, (index + 1) * columns);
    const middles = row.map((_machine, column) => column * (each + gap) + each / 2);
    return hangingRow(rowBlock(row, each, largest), middles, left);
  });
}

const hasGpus = ({ nodes }: Machine): boolean => nodes.some(({ entries }) => entries.length > 0);

/**
 * All machines, `width` px wide: those with GPUs, then the others, on a grid each. Several hang on the network, its rows
 * joined at the left.
 */
export function machinesBlock(machines: readonly Machine[], network: Network, width: number, largest: number): Block {
  if (machines.length === 1) return rowBlock(machines, width, largest);
  const groups = [machines.filter(hasGpus), machines.filter((machine) => !hasGpus(machine))];
  const rows = (left: number): readonly Block[] => groups.flatMap((group) => grid(group, width, left, largest));
  const left = rows(0).length > 1 ? pad : 0;
  const blocks = rows(left);
  const all = stack(blocks, gap);
  const last = blocks.slice(0, -1).reduce((sum, { height }) => sum + height + gap, 0);
  return {
    height: all.height,
    draw: (x, y) =>
      element("path", { d: `M${x} ${y + 14}V${y + last + 14}`, "stroke-width": 2, ...stroke("network") }) +
      all.draw(x + left, y) +
      networkLabel(x + left, y + 14, networkWords(network)),
  };
}
