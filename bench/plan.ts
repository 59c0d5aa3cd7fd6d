/**
 * How long planning takes. `npm run bench:plan`: JSON lines; exit code 1 when a target was missed.
 * Targets: every catalogue model, each planned alone on 512 GPUs in mixed pools, in under 1 s in all; growth with the
 * number of GPUs at most n log n.
 */
import { gpuModel } from "../catalog/gpus";
import { modelShapes } from "../catalog/modelShapes";
import type { Gpu, Hardware } from "../plan/cluster/hardware";
import { planServing } from "../plan/layouts";

interface Nodes {
  readonly card: string;
  readonly gpusEach: number;
  /** Of all GPUs. */
  readonly share: number;
  readonly nvlink: boolean;
}

/** Half of them consumer cards, alone or in fours; half datacentre cards in eights. */
const mixed: readonly Nodes[] = [
  { card: "3090", gpusEach: 1, share: 1 / 8, nvlink: false },
  { card: "3090", gpusEach: 4, share: 1 / 8, nvlink: false },
  { card: "3060", gpusEach: 1, share: 1 / 8, nvlink: false },
  { card: "4090", gpusEach: 2, share: 1 / 8, nvlink: false },
  { card: "a100", gpusEach: 8, share: 1 / 4, nvlink: true },
  { card: "h100", gpusEach: 8, share: 1 / 4, nvlink: true },
];

function gpusOf({ card, gpusEach, nvlink }: Nodes, count: number, pool: string): readonly Gpu[] {
  const model = gpuModel(card);
  if (model === undefined) throw new RangeError(card);
  const slot = { generation: model.pcie.generation, width: model.pcie.width };
  return Array.from({ length: count }, (_, index) => {
    const node = `${pool}-${Math.floor(index / gpusEach)}`;
    const gpu: Gpu = { id: `${node}/${index % gpusEach}`, model, node, pool, slot, passthrough: false };
    return nvlink ? { ...gpu, nvlinkGroup: node } : gpu;
  });
}

const hardwareOf = (count: number): Hardware => ({
  gpus: mixed.flatMap((nodes, index) => gpusOf(nodes, count * nodes.share, `pool${index}`)),
  network: { gbitPerSecond: 25, rdma: false },
});

/** Milliseconds to plan every catalogue model, each alone on these GPUs. */
function planAllMs(hardware: Hardware): number {
  const startMs = performance.now();
  for (const shape of modelShapes) planServing([{ name: shape.id, shape, path: "models[0]", pins: {} }], hardware);
  return performance.now() - startMs;
}

function report(bench: string, figures: Record<string, number>, ok: boolean, target: string): void {
  const rounded = Object.entries(figures).map(([name, value]) => [name, Math.round(value * 100) / 100]);
  process.stdout.write(`${JSON.stringify({ bench, ...Object.fromEntries(rounded), target, ok })}\n`);
  if (!ok) process.exitCode = 1;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

function main(): void {
  const models = modelShapes.length;
  // The first run has the compiler's warm-up in it, as a person at the command line has.
  const cpu = process.cpuUsage();
  const firstMs = planAllMs(hardwareOf(512));
  // For comparisons on a busy machine. More than one core's worth: the compiler works on threads of its own.
  const { user, system } = process.cpuUsage(cpu);
  const first = { models, gpus: 512, ms: firstMs, cpuMs: (user + system) / 1000 };
  report("plan.first", first, firstMs < 1000, "all catalogue models on 512 GPUs < 1 s");
  const sizes = [64, 128, 256, 512, 1024];
  // In turns, so that noise of the machine falls on all sizes.
  const rounds = Array.from({ length: 5 }, () => sizes.map((size) => planAllMs(hardwareOf(size))));
  const ms = sizes.map((_size, index) => median(rounds.map((round) => round[index] ?? 0)));
  sizes.forEach((gpus, index) => {
    const [own, half] = [ms[index] ?? 0, ms[index - 1]];
    const ratio = half === undefined ? {} : { ratioToHalf: own / half };
    // n log n grows by this much when n doubles.
    const allowed = (2 * Math.log2(gpus)) / Math.log2(gpus / 2);
    const ok = half === undefined || own / half <= allowed;
    const figures = { models, gpus, ms: own, perModelMs: own / models, ...ratio };
    report("plan.growth", figures, ok, `at most ${allowed.toFixed(2)} times the time of half the GPUs`);
  });
}

main();
