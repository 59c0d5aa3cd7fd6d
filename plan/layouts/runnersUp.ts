/** The layouts that lost, each with the one sentence that says why. */
import type { ModelShape } from "../../catalog/modelShapes";
import type { Network } from "../cluster/hardware";
import type { RunnerUp } from "../cluster/types";
import type { Option } from "./candidates";
import { beats, decidedBy, throughput, type Reason, type Scored } from "./choice";
import { linkSeconds } from "./linkTime";
import { missingBytes } from "./settings";
import { amount, inGib, duration, optionName, sentence, tokens } from "./words";
import { plural } from "../../catalog/units";

/** Most runners-up in a plan. */
const most = 6;

/** A layout with its speed where it starts. */
export type Considered = Option & Partial<Pick<Scored, "speed">>;

const isScored = (option: Considered): option is Scored => option.speed !== undefined && option.fit !== undefined;

/** Why a layout cannot be at all. */
function whyNot(option: Option): string {
  const { broken, fit, cards } = option;
  const [rule] = broken;
  if (rule !== undefined) return `vLLM refuses it: ${rule.found}; needed ${rule.needed}`;
  if (fit === undefined) return "there are not enough GPUs";
  const card = cards[0]?.name ?? "GPU";
  const missing = missingBytes(fit);
  if (missing > 0) return `${inGib(missing)} are missing${sizeOf(option) > 1 ? ` on each ${card}` : ""}`;
  if (fit.starts !== "never") return `there are GPUs for ${plural(option.count, "replica")} of it only`;
  const room = fit.warm.kv.tokens;
  return `its KV cache holds ${amount(room)} tokens, less than one request of ${tokens(fit.settings.maxModelLen)}`;
}

const each = (gpus: number): string => plural(gpus, "GPU");

/** Who lost against whom. */
interface Lost {
  readonly shape: ModelShape;
  readonly winner: Scored;
  readonly loser: Scored;
  readonly network: Network;
}

/** Speed of both, as far as it says why. */
function slower({ shape, winner, loser, network }: Lost): string {
  const [a, b] = [loser.speed.interTokenAlone.value, winner.speed.interTokenAlone.value];
  const [replica] = loser.samples;
  const share = replica === undefined ? 0 : linkSeconds(shape, loser.layout, replica, network) / a;
  const what = loser.layout.tensorParallel > 1 ? "all-reduces take" : "the link takes";
  const link = share >= 0.05 ? `, ${what} ${Math.round(share * 100)} %` : "";
  const [first, than] = [loser.speed.timeToFirstToken.value, winner.speed.timeToFirstToken.value];
  const prompt = first > 1.1 * than ? `, the first token after ${duration(first)} instead of ${duration(than)}` : "";
  return `${instead(duration(a), duration(b), "a token")}${link}${prompt}`;
}

/** "25 ms a token instead of 20 ms"; "20 ms a token, as with the layout taken" when they read the same. */
const instead = (own: string, other: string, unit: string): string =>
  own === other ? `${own} ${unit}, as with the layout taken` : `${own} ${unit} instead of ${other}`;

/** Tokens a second of all replicas together. */
const together = ({ winner, loser }: Lost): string =>
  instead(amount(throughput(loser)), amount(throughput(winner)), "tokens/s over all replicas");

/** One sentence for each criterion by which a layout lost. */
const told: Readonly<Record<Reason, (lost: Lost) => string>> = {
  starts: ({ loser: { fit } }) =>
    `it starts only once the compile cache is warm: ${shortAtFirst(fit)} in the first start`,
  context: ({ winner, loser }) =>
    `it holds a context of ${tokens(loser.fit.settings.maxModelLen)}, not of ${tokens(winner.fit.settings.maxModelLen)}`,
  network: (lost) => `it sends every token over the network: ${slower(lost)}`,
  cache: ({ winner, loser: { fit } }) =>
    `its KV cache holds ${fit.warm.kv.sequences.toFixed(1)} requests of ${tokens(fit.settings.maxModelLen)} at the same time, ` +
    `${amount(fit.warm.kv.tokens)} tokens instead of ${amount(winner.fit.warm.kv.tokens)}`,
  order: (lost) =>
    `it works too, with ${tokens(lost.loser.fit.settings.maxModelLen)} of context and ${slower(lost)}, ` +
    (sizeOf(lost.loser) > sizeOf(lost.winner)
      ? `but takes ${each(sizeOf(lost.loser))} a replica where ${each(sizeOf(lost.winner))} will do`
      : "but inside one node TP comes first: its GPUs all work on every token"),
  speed: (lost) => `${together(lost)}, ${slower(lost)}`,
  gpus: ({ winner, loser }) => `${each(sizeOf(loser))} a replica instead of ${each(sizeOf(winner))}, and no faster`,
};

/** What a first start has too little of. */
const shortAtFirst = (fit: Scored["fit"]): string =>
  missingBytes(fit) > 0
    ? `${inGib(missingBytes(fit))} are missing`
    : `its KV cache holds ${amount(fit.cold.kv.tokens)} tokens of ${amount(fit.settings.maxModelLen)}`;

const sizeOf = ({ layout }: Option): number => layout.tensorParallel * layout.pipelineParallel;

function reasonFor({ shape, winner, network }: Omit<Lost, "loser">, loser: Considered, forbidden: boolean): string {
  if (!isScored(loser)) return whyNot(loser);
  const lost = { shape, winner, loser, network };
  if (forbidden) return `${slower(lost)}, ${together(lost)}; only when asked for by name (tensorParallelOverNetwork)`;
  if (beats(loser, winner)) return `better alone, but its GPUs are for the models before it: ${slower(lost)}`;
  const reason = decidedBy(winner, loser);
  return reason === undefined ? "no better in anything" : told[reason](lost);
}

/** What is like enough to be told once: the same kind of layout on the same cards. */
const kindOf = ({ cards, reach, layout, broken, fit }: Option): string =>
  [
    ...new Set(cards.map(({ id }) => id)),
    reach,
    layout.tensorParallel,
    broken.length > 0 || fit?.starts === "never",
  ].join();

/**
 * The runners-up, the best first, then what does not start, then TP over a network that nobody allowed; one of each kind.
 */
export function runnersUpOf(
  { winner, network, shape }: Omit<Lost, "loser">,
  others: {
    readonly scored: readonly Scored[];
    readonly failed: readonly Option[];
    readonly forbidden: readonly Considered[];
  },
): readonly RunnerUp[] {
  const seen = new Set<string>();
  const isNew = (option: Considered): boolean => {
    const kind = kindOf(option);
    const first = !seen.has(kind);
    seen.add(kind);
    return first;
  };
  const tell = (option: Considered, forbidden: boolean): RunnerUp => ({
    layout: option.layout,
    replicas: option.count,
    gpus: option.samples[0]?.flat().map(({ id }) => id) ?? [],
    reason: sentence(`${optionName(option, network)}: ${reasonFor({ shape, winner, network }, option, forbidden)}.`),
    fits: isScored(option),
  });
  const best = others.scored.filter(isNew);
  const forbidden = others.forbidden.filter(isNew);
  const failed = others.failed.filter(isNew);
  const room = Math.max(2, most - forbidden.length - Math.min(2, failed.length));
  const first = best.slice(0, room);
  return [
    ...first.map((option) => tell(option, false)),
    ...forbidden.map((option) => tell(option, true)),
    ...failed.slice(0, most - first.length - forbidden.length).map((option) => tell(option, false)),
  ];
}
