/** The plan before and after, model by model. Pure. */
import type { Fault } from "../../config/errors";
import { figureNames, type ModelVerdict, type Verdict } from "./verdict";

/** What a change starts from. */
export type Base = {
  /** For people: "origin/main". */
  readonly from: string;
} & (
  | { readonly kind: "planned"; readonly verdict: Verdict }
  /** The stack file is new. */
  | { readonly kind: "absent" }
  /** It did not fit there either. */
  | { readonly kind: "refused"; readonly faults: readonly Fault[] }
);

/** Before and after. */
export interface Cell {
  /** Absent for a model that is new. */
  readonly before?: string;
  /** Absent for a model that goes. */
  readonly after?: string;
}

/** One figure of a model. */
export interface ComparedFigure extends Cell {
  readonly name: (typeof figureNames)[number];
}

/** One model: what stays has equal cells. */
export interface ComparedModel {
  readonly fate: "stays" | "comes" | "goes" | "replaced";
  readonly name: Cell;
  readonly figures: readonly ComparedFigure[];
  /** Only where they differ. */
  readonly barsBefore?: readonly string[];
  readonly bars: readonly string[];
}

const cell = (before: string | undefined, after: string | undefined): Cell => ({
  ...(before === undefined ? {} : { before }),
  ...(after === undefined ? {} : { after }),
});

export const isChanged = ({ before, after }: Cell): boolean => before !== after;

/** The same served name first; of the others, the first that goes makes room for the first that comes. */
function pairs(
  before: readonly ModelVerdict[],
  after: readonly ModelVerdict[],
): readonly (readonly [old: ModelVerdict | undefined, next: ModelVerdict | undefined])[] {
  const gone = before.filter(({ name }) => !after.some((model) => model.name === name));
  const matched = after.map((next) => {
    const old = before.find(({ name }) => name === next.name) ?? gone.shift();
    return [old, next] as const;
  });
  return [...matched, ...gone.map((old) => [old, undefined] as const)];
}

function comparedModel(old: ModelVerdict | undefined, next: ModelVerdict | undefined): ComparedModel {
  const fate =
    old === undefined ? "comes" : next === undefined ? "goes" : old.name === next.name ? "stays" : "replaced";
  const figures = figureNames.map((name) => ({ name, ...cell(old?.figures?.[name], next?.figures?.[name]) }));
  const [barsBefore, bars] = [old?.bars ?? [], next?.bars ?? []];
  const same = barsBefore.join("\n") === bars.join("\n");
  return {
    fate,
    name: cell(old?.name, next?.name),
    figures,
    bars,
    ...(same || barsBefore.length === 0 ? {} : { barsBefore }),
  };
}

/** @param before nothing to compare with: every model is as it is */
export const compareModels = (before: Verdict | undefined, after: Verdict): readonly ComparedModel[] =>
  before === undefined
    ? after.models.map((model) => comparedModel(model, model))
    : pairs(before.models, after.models).map(([old, next]) => comparedModel(old, next));

/** What of a model's figures changes: "context 8,192 -> 10,240". */
export const changedFigures = ({ figures }: ComparedModel): readonly string[] =>
  figures.flatMap(({ name, before, after }) =>
    before === after || before === undefined || after === undefined ? [] : [`${name} ${before} -> ${after}`],
  );
