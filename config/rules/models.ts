/** Rules over one model, and over all models together. */
import { basename } from "node:path";
import { builtinModel } from "../../catalog/models";
import { describe } from "../describe";
import type { Fault } from "../errors";
import { modelKind, type ModelKind } from "../forms";
import { nearestKey } from "../keys";
import { modelSchema } from "../schema/models";
import type { Entry } from "./parts";

/** What naming a model takes. */
interface Named {
  readonly name?: string | undefined;
  readonly source: string;
  readonly revision?: string | undefined;
}

/** The name a model gets when the stack gives none. */
function defaultName(source: string, kind: ModelKind): string {
  switch (kind) {
    case "builtin":
      return builtinModel(source)?.defaultName ?? source;
    case "directory":
      return basename(source);
    case "huggingface":
      return source;
  }
}

/** The served name and the kind of a model; undefined when its source means nothing (the schema says so already). */
export function nameModel(model: Named): { name: string; kind: ModelKind } | undefined {
  const kind = modelKind(model.source);
  return kind === undefined ? undefined : { name: model.name ?? defaultName(model.source, kind), kind };
}

/** A name that can be served, and a revision only where there are revisions. */
export function modelFaults(model: Named, index: number): Fault[] {
  const named = nameModel(model);
  if (named === undefined) return [];
  const faults: Fault[] = [];
  const name = modelSchema.shape.name.safeParse(named.name);
  if (!name.success) {
    faults.push({
      path: `models[${index}].name`,
      found: `nothing, and ${describe(named.name)} from models[${index}].source is no name`,
      needed: name.error.issues[0]?.message ?? "a name",
      fix: `add \`models[${index}].name\``,
    });
  }
  if (model.revision !== undefined && named.kind !== "huggingface") {
    faults.push({
      path: `models[${index}].revision`,
      found: `${describe(model.revision)} beside models[${index}].source ${describe(model.source)}`,
      needed: "a revision only with a Hugging Face id",
      fix: `remove \`models[${index}].revision\``,
    });
  }
  return faults;
}

/** Each served name once: requests name their model by it. */
export function servedNameFaults(models: readonly Entry<Named>[]): Fault[] {
  const names = models.map(({ index, value }) => ({ index, name: nameModel(value)?.name }));
  return names.flatMap(({ index, name }, position) => {
    const twin = names.slice(0, position).find((other) => name !== undefined && other.name === name);
    if (twin === undefined) return [];
    return [
      {
        path: `models[${index}].name`,
        found: `${describe(name)}, which is also served by models[${twin.index}]`,
        needed: "each served name once",
        fix: `give models[${index}] a \`name\` of its own, or raise \`replicas\` of models[${twin.index}]`,
      },
    ];
  });
}

/** What was pinned of one model and cannot go together. */
export function pinFaults(
  models: readonly Entry<{
    readonly maxNumSeqs?: number | undefined;
    readonly maxNumBatchedTokens?: number | undefined;
  }>[],
): Fault[] {
  return models.flatMap(({ index, value: { maxNumSeqs = 0, maxNumBatchedTokens = Infinity } }) =>
    maxNumSeqs <= maxNumBatchedTokens
      ? []
      : [
          {
            path: `models[${index}].maxNumSeqs`,
            found: `${maxNumSeqs} requests with maxNumBatchedTokens ${maxNumBatchedTokens}`,
            needed: "at most as many as tokens in a step: each needs one",
            fix: `write \`maxNumSeqs: ${maxNumBatchedTokens}\`, or raise maxNumBatchedTokens`,
          },
        ],
  );
}

/** Pools that a model names must be there. */
export function modelPoolFaults(
  models: readonly Entry<{ readonly pools?: readonly string[] | undefined }>[],
  pools: readonly string[],
): Fault[] {
  return models.flatMap(({ index, value }) =>
    (value.pools ?? []).flatMap((pool, position) => {
      if (pools.includes(pool)) return [];
      const near = nearestKey(pool, pools);
      return [
        {
          path: `models[${index}].pools[${position}]`,
          found: `${describe(pool)}, and no such pool`,
          needed: `one of ${pools.join(", ")}`,
          fix: near === undefined ? "name one of `pools`, or remove it" : `did you mean \`${near}\`?`,
        },
      ];
    }),
  );
}
