/**
 * How long a stack of many models takes from its text to its objects. `npm run bench:render`: JSON lines; exit code 1 when a
 * target was missed. Targets: 50 models with 16 replicas each read, checked, planned and rendered in under 2 s, the first time;
 * twice the models checked and rendered in at most 2.5 times the time. How planning grows is told and held to nothing here: the
 * planner looks at every GPU for every model, and there are twice as many of both.
 */
import { parseProfile } from "../config/parse";
import { isLocal, type ClusterProfile } from "../config/schema";
import { makePlan } from "../plan/plan";
import type { ClusterPlan } from "../plan/types";
import { chartValues, stageObjects } from "../render/stages/everything";
import { crowd } from "./support/crowd";

const replicas = 16;

/** Milliseconds of processor time, with the compiler's and the collector's threads: at least what an idle machine takes. */
function cpuMs<T>(work: () => T): readonly [ms: number, result: T] {
  const start = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(start);
  return [(user + system) / 1000, result];
}

function read(models: number): ClusterProfile {
  const profile = parseProfile(crowd(models, replicas));
  if (isLocal(profile)) throw new TypeError("a stack on this machine has no stages");
  return profile;
}

const render = ({ stages }: ClusterPlan): readonly string[] =>
  [...stageObjects(stages, { download: "", gateway: "" }), chartValues(stages)].map((one) => JSON.stringify(one));

interface Run {
  readonly readMs: number;
  readonly planMs: number;
  readonly renderMs: number;
  readonly objects: number;
  readonly bytes: number;
}

function once(models: number): Run {
  const [readMs, profile] = cpuMs(() => read(models));
  const [planMs, plan] = cpuMs(() => makePlan(profile, { modelConfigs: {} }));
  const [renderMs, texts] = cpuMs(() => render(plan));
  return { readMs, planMs, renderMs, objects: texts.length, bytes: texts.join("").length };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

function report(bench: string, figures: Record<string, number>, ok: boolean, target: string): void {
  const rounded = Object.entries(figures).map(([name, value]) => [name, Math.round(value * 100) / 100]);
  process.stdout.write(`${JSON.stringify({ bench, ...Object.fromEntries(rounded), target, ok })}\n`);
  if (!ok) process.exitCode = 1;
}

function main(): void {
  const startMs = performance.now();
  const first = once(50);
  const wallMs = performance.now() - startMs;
  const cpu = first.readMs + first.planMs + first.renderMs;
  report(
    "render.first",
    { models: 50, replicas, wallMs, cpuMs: cpu, ...first },
    cpu < 2000,
    "50 models x 16 replicas < 2 s of CPU",
  );
  // In turns, so that noise of the machine falls on both.
  const rounds = Array.from({ length: 9 }, () => [once(25), once(50)] as const);
  const of = (side: 0 | 1, time: (run: Run) => number): number => median(rounds.map((round) => time(round[side])));
  const shown = ({ readMs, renderMs }: Run): number => readMs + renderMs;
  const [ms25, ms50] = [of(0, shown), of(1, shown)];
  const [planMs25, planMs50] = [of(0, ({ planMs }) => planMs), of(1, ({ planMs }) => planMs)];
  const ratios = { ratio: ms50 / ms25, planMs25, planMs50, planRatio: planMs50 / planMs25 };
  report(
    "render.growth",
    { ms25, ms50, ...ratios },
    ms50 / ms25 <= 2.5,
    "50 models checked and rendered in at most 2.5 times the time of 25",
  );
}

main();
