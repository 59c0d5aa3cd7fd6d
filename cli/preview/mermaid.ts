/** The plan as a Mermaid diagram: a pull request draws it by itself, and nobody has to host a picture. */
import type { Gpu } from "../../plan/cluster/hardware";
import type { RankPlan, ServingPlan } from "../../plan/cluster/types";
import { rankWords } from "../../plan/explain/gpuRows";
import { segmentNames, segmentsOf } from "../../plan/explain/segments";
import type { ClusterView } from "../../plan/explain/view";
import { brief, count, gibOf, layoutWords, networkWords, whole } from "../../plan/explain/words";

/** Above so many GPUs, nodes that are alike are one box: Mermaid draws some hundred, and people read a dozen. */
const mostBoxes = 16;

/** Text inside quotes: entities as Mermaid has them. */
const plain = (text: string): string => text.replace(/[&"<>#`;{}|\\]/g, (sign) => `#${sign.charCodeAt(0)};`);

interface Placed {
  readonly gpu: Gpu;
  readonly plan?: ServingPlan;
  readonly index: number;
  readonly rank?: RankPlan;
}

/** Every GPU with what it does. */
function placedOf({ hardware, serving }: ClusterView): readonly Placed[] {
  const ranks = new Map(
    serving.models.flatMap((plan, index) => plan.ranks.map((rank) => [rank.gpu, { plan, index, rank }] as const)),
  );
  return hardware.gpus.map((gpu) => ({ gpu, index: -1, ...ranks.get(gpu.id) }));
}

function memoryWords(plan: ServingPlan, rank: RankPlan, gpu: Gpu): string {
  const segments = segmentsOf(plan, rank, gpu);
  const all = segmentNames.reduce((sum, name) => sum + segments[name], 0);
  return `weights ${gibOf(segments.weights)}, KV ${gibOf(segments.kv)} of ${gibOf(all)} GiB`;
}

/** A box: GPUs of one node that do the same. */
interface Box {
  readonly node: string;
  readonly own: readonly Placed[];
}

const keyOf = ({ gpu, plan, rank }: Placed): string =>
  plan === undefined ? "idle" : `${plan.name} ${rank?.replica ?? ""} ${rank?.pipelineRank ?? ""} ${gpu.model.id}`;

function boxesOf(view: ClusterView): readonly Box[] {
  const groups = new Map<string, Placed[]>();
  for (const placed of placedOf(view)) {
    const key = `${placed.gpu.node}\n${keyOf(placed)}`;
    groups.set(key, [...(groups.get(key) ?? []), placed]);
  }
  return [...groups].map(([key, own]) => ({ node: key.split("\n")[0] ?? "", own }));
}

/** Boxes of many nodes by what they do: "12 nodes". */
function together(boxes: readonly Box[]): readonly Box[] {
  if (boxes.length <= mostBoxes) return boxes;
  const groups = new Map<string, Placed[]>();
  for (const { own } of boxes) {
    const [first] = own;
    if (first === undefined) continue;
    const key = `${first.plan?.name ?? "idle"} ${first.rank?.pipelineRank ?? ""} ${first.gpu.model.id}`;
    groups.set(key, [...(groups.get(key) ?? []), ...own]);
  }
  return [...groups.values()].map((own) => {
    const nodes = new Set(own.map(({ gpu }) => gpu.node)).size;
    return { node: count(nodes, "node"), own };
  });
}

function boxWords({ own }: Box): string {
  const [first] = own;
  if (first === undefined) return "";
  const cards = `${own.length > 1 ? `${own.length} x ` : ""}${first.gpu.model.name}`;
  if (first.plan === undefined || first.rank === undefined) return `${cards}<br/>idle`;
  const ranks = own.flatMap(({ rank }) => rank ?? []);
  const words = rankWords(first.plan, ranks);
  return [cards, words === "all" ? "" : plain(words), memoryWords(first.plan, first.rank, first.gpu)]
    .filter((line) => line !== "")
    .join("<br/>");
}

function modelWords({ name, layout, replicas, engine, speed }: ServingPlan): string {
  const rate = `${brief(speed.tokensPerSecondBusy.value * replicas)} tokens/s`;
  return [
    `<b>${plain(name)}</b>`,
    `${layoutWords(layout)}, ${count(replicas, "replica")}`,
    `${whole(engine.maxModelLen)} tokens of context, ${rate}`,
  ].join("<br/>");
}

/** PP ranks of one replica send their results from node to node; what is drawn is the way of the first replica. */
function pipelineLines(plan: ServingPlan, boxes: readonly Box[], label: string): readonly string[] {
  const at = (rank: number): number =>
    boxes.findIndex(({ own }) =>
      own.some((one) => one.plan === plan && one.rank?.replica === 0 && one.rank.pipelineRank === rank),
    );
  return Array.from({ length: plan.layout.pipelineParallel - 1 }, (_, rank) => [at(rank), at(rank + 1)] as const)
    .filter(([from, to]) => from !== to)
    .map(([from, to]) => `  g${from} -. "${label}" .- g${to}`);
}

/** Boxes of a node in a frame with the node's name, and its host's where it is a VM. */
function frames(boxes: readonly Box[], { placement }: ClusterView): readonly string[] {
  const nodes = [...new Set(boxes.map(({ node }) => node))];
  return nodes.flatMap((node, index) => {
    const host = placement?.vms.find(({ name }) => name === node)?.host;
    const own = boxes.flatMap((box, at) => (box.node === node ? [`    g${at}["${boxWords(box)}"]`] : []));
    return [`  subgraph n${index}["${plain(host === undefined ? node : `${host}: VM ${node}`)}"]`, ...own, "  end"];
  });
}

/** The diagram, without its fence; same plan, same text. */
export function mermaidOf(view: ClusterView): string {
  const boxes = together(boxesOf(view));
  const { models } = view.serving;
  const label = networkWords(view.hardware.network);
  const idle = boxes.flatMap(({ own }, at) => (own[0]?.plan === undefined ? [`g${at}`] : []));
  const ways = models.flatMap((plan, index) => {
    const to = boxes.flatMap(({ own }, at) =>
      own.some((one) => one.plan === plan && one.rank?.pipelineRank === 0) ? [`g${at}`] : [],
    );
    return to.length === 0 ? [] : [`  m${index} --> ${to.join(" & ")}`];
  });
  return [
    "flowchart LR",
    ...models.map((plan, index) => `  api(["gateway"]) --> m${index}["${modelWords(plan)}"]`),
    ...frames(boxes, view),
    ...ways,
    ...models.flatMap((plan) => pipelineLines(plan, boxes, label)),
    ...(idle.length === 0 ? [] : ["  classDef idle stroke-dasharray: 4 4", `  class ${idle.join(",")} idle`]),
  ].join("\n");
}
