/** A cluster's plan as a picture: machines, GPUs with what is in their memory, ranks and links. */
import { gpuBytes, segmentsOf } from "./explain/segments";
import { nodesOf } from "./explain/hardwareWords";
import { rankWords } from "./explain/gpuRows";
import { useWords } from "./explain/placementLines";
import { allWarnings, type ClusterView } from "./explain/view";
import type { HostUse, Placement } from "./placement/types";
import type { Gpu } from "./cluster/hardware";
import type { RankPlan, ServingPlan } from "./cluster/types";
import { paragraph, stack, type Block } from "./picture/block";
import type { Entry } from "./picture/gpu";
import { headerBlock, letterOf } from "./picture/header";
import { machinesBlock, type Machine, type PictureNode } from "./picture/machines";
import { element } from "./picture/svg";
import { fill, style } from "./picture/theme";

/** Width of the picture in px: what a pull request shows without scaling. */
const pictureWidth = 900;
const margin = 20;
const fonts = "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";

/** In a picture of more GPUs than these, neighbours that do the same share a label. */
const mostLabels = 8;

interface Rank {
  readonly plan: ServingPlan;
  readonly letter: string;
  readonly rank: RankPlan;
}

/** The rank on each GPU. */
function ranksOf({ serving }: ClusterView): ReadonlyMap<string, Rank> {
  return new Map(
    serving.models.flatMap((plan, index) =>
      plan.ranks.map((rank) => [rank.gpu, { plan, letter: letterOf(index, serving.models.length), rank }] as const),
    ),
  );
}

/** One entry of GPUs that do the same. */
function entryOf(gpus: readonly Gpu[], ranks: readonly Rank[], reason: string): Entry {
  const [gpu] = gpus;
  const [first] = ranks;
  if (first === undefined || gpu === undefined) return { gpus, use: { reason } };
  const words = rankWords(
    first.plan,
    ranks.map(({ rank }) => rank),
  );
  const rank = first.letter === "" ? words : words === "all" ? first.letter : `${first.letter} ${words}`;
  return { gpus, use: { rank, segments: segmentsOf(first.plan, first.rank, gpu) } };
}

/** A node with its GPUs; neighbours that are alike and do the same are one entry where that is told. */
function nodeOf(name: string, note: string, gpus: readonly Gpu[], view: ClusterView, together: boolean): PictureNode {
  const ranks = ranksOf(view);
  const reasons = new Map(view.serving.idle.map(({ gpu, reason }) => [gpu, reason]));
  const keyOf = ({ id, model }: Gpu): string => {
    const at = ranks.get(id);
    if (at === undefined) return `idle ${model.id} ${reasons.get(id) ?? ""}`;
    return together ? `${at.plan.name} ${model.id} ${at.rank.replica} ${at.rank.pipelineRank}` : id;
  };
  const runs: Gpu[][] = [];
  for (const gpu of gpus) {
    const run = runs.at(-1);
    const before = run?.[0];
    if (run !== undefined && before !== undefined && keyOf(before) === keyOf(gpu)) run.push(gpu);
    else runs.push([gpu]);
  }
  const entries = runs.map((run) =>
    entryOf(
      run,
      run.flatMap(({ id }) => ranks.get(id) ?? []),
      reasons.get(run[0]?.id ?? "") ?? "not in the plan",
    ),
  );
  return { name, note, entries };
}

/** A host with its VMs, those without GPUs as well. */
function hostMachine(host: HostUse, view: ClusterView, placement: Placement, together: boolean): Machine {
  const vms = placement.vms.filter((vm) => vm.host === host.name);
  const nodes = vms.map(({ name, cores, memoryGib }) => {
    const gpus = view.hardware.gpus.filter(({ node }) => node === name);
    return nodeOf(name, `${cores} cores, ${memoryGib} GiB`, gpus, view, together);
  });
  const spare = placement.spareGpus.filter((gpu) => gpu.host === host.name);
  const notes = [useWords(host), ...spare.map(({ card, pci }) => `in no VM: ${card} at ${pci}`)];
  return { host: host.name, notes, nodes };
}

function machinesOf(view: ClusterView): readonly Machine[] {
  const { hardware, placement } = view;
  const together = hardware.gpus.length > mostLabels;
  if (placement !== undefined) return placement.hosts.map((host) => hostMachine(host, view, placement, together));
  return [...nodesOf(hardware.gpus)].map(([name, own]) => ({ nodes: [nodeOf(name, "", own, view, together)] }));
}

/** Warnings at the foot; nothing without any. */
function warningBlocks(view: ClusterView, width: number): readonly Block[] {
  const all = allWarnings(view).map((warning) => paragraph(`! ${warning}`, width, { size: 12, colour: "warn" }));
  return all.length === 0 ? [] : [stack(all, 2)];
}

/** The picture as SVG text, 900 px wide; same plan, same bytes. */
export function planPicture(view: ClusterView): string {
  const width = pictureWidth - 2 * margin;
  const largest = Math.max(...view.hardware.gpus.map(gpuBytes));
  const parts = [
    headerBlock(view, width),
    machinesBlock(machinesOf(view), view.hardware.network, width, largest),
    ...warningBlocks(view, width),
  ];
  const whole = stack(parts, 14);
  const height = Math.ceil(whole.height + 2 * margin);
  const page = element("rect", { width: pictureWidth, height, rx: 10, ...fill("page") });
  return `${element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${pictureWidth} ${height}`,
      width: pictureWidth,
      height,
      role: "img",
      "aria-label": `${view.title}: which GPU holds what`,
      "font-family": fonts,
    },
    `${style()}${page}${whole.draw(margin, margin)}`,
  )}\n`;
}
