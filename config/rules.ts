/** Rules that need two values, or a value and its neighbour. Each fault names both. */
import { basename } from "node:path";
import type * as z from "zod";
import { builtinModel } from "../catalog/models";
import { describe } from "./describe";
import type { Fault } from "./errors";
import { modelKind, type ModelKind } from "./forms";
import { modelSchema, type Ports } from "./schema";

/** No port twice. */
export function portFaults(ports: Ports): Fault[] {
  const entries = Object.entries(ports);
  return entries.flatMap(([role, number], index) => {
    const twin = entries.slice(0, index).find(([, other]) => other === number);
    if (twin === undefined) return [];
    return [
      {
        path: `ports.${role}`,
        found: `port ${number}, which is also ports.${twin[0]}`,
        needed: "each port once",
        fix: `give ports.${role} or ports.${twin[0]} another number (both may be defaults)`,
      },
    ];
  });
}

type ModelInput = z.output<typeof modelSchema>;

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
export function nameModel(model: ModelInput): { name: string; kind: ModelKind } | undefined {
  const kind = modelKind(model.source);
  return kind === undefined ? undefined : { name: model.name ?? defaultName(model.source, kind), kind };
}

/** A name that can be served, and a revision only where there are revisions. */
export function modelFaults(model: ModelInput, index: number): Fault[] {
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
