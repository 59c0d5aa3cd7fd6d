import { detailedDiff, type DiffKind } from "../detailedDiff";
import type { Diff } from "../provider";
import type { Properties } from "../values";

/** Inputs that the engine adds. */
const withoutInternals = (properties: Properties): Properties =>
  Object.fromEntries(Object.entries(properties).filter(([key]) => key !== "version" && !key.startsWith("__")));

/** Changed inputs; those whose path fits `replaces` need a new resource. */
export function diffInputs(olds: Properties, news: Properties, replaces: (path: string) => boolean): Diff {
  const changes: ReadonlyMap<string, DiffKind> = detailedDiff(withoutInternals(olds), withoutInternals(news));
  return { changes, replaces: new Set([...changes.keys()].filter(replaces)) };
}
