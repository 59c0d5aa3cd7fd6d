import { detailedDiff } from "../detailedDiff";
import type { Diff } from "../provider";
import type { Properties } from "../values";
import { isInternal } from "./inputs";

/**
 * `triggers` replaces, everything else updates; so the official plugin, whose SDK adds
 * `replaceOnChanges: ["triggers[*]"]` for what lies inside the list.
 */
export function commandDiff(oldInputs: Properties, news: Properties): Diff {
  const changes = detailedDiff(withoutInternals(oldInputs), withoutInternals(news));
  const replaces = new Set([...changes.keys()].filter((path) => /^triggers(\[|$)/.test(path)));
  return { changes, replaces };
}

function withoutInternals(properties: Properties): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([key]) => !isInternal(key)));
}
