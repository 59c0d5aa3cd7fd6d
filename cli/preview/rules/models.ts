/** Models: which come and go, what a change of their Ray cluster or of one model costs, and what is downloaded. */
import { parse } from "yaml";
import * as z from "zod";
import type { ResourceChange } from "../changes";
import { downloadWords, secondsWords } from "../facts";
import { propertyWords } from "../words";
import {
  danger,
  mostReasons,
  named,
  nothing,
  ofKind,
  textsAt,
  together,
  type Known,
  type Rule,
  type Told,
} from "./rule";

const serveConfig = z.looseObject({
  applications: z.array(
    z.looseObject({
      name: z.string(),
      args: z
        .looseObject({
          llm_configs: z
            .array(z.looseObject({ model_loading_config: z.looseObject({ model_id: z.string() }) }))
            .optional(),
        })
        .optional(),
    }),
  ),
});

/** Applications of a serve config by served model name, each as text to compare. */
function modelsIn(text: string): ReadonlyMap<string, string> {
  const { applications } = serveConfig.safeParse(parse(text)).data ?? { applications: [] };
  return new Map(
    applications.map((application) => {
      const name = application.args?.llm_configs?.[0]?.model_loading_config.model_id ?? application.name;
      return [name, JSON.stringify(application)] as const;
    }),
  );
}

interface ServedChange {
  readonly gone: readonly string[];
  readonly added: readonly string[];
  readonly changed: readonly string[];
}

function servedChange(service: ResourceChange | undefined): ServedChange {
  const texts = textsAt(service, "spec.serveConfigV2");
  if (texts === undefined) return { gone: [], added: [], changed: [] };
  const [before, after] = [modelsIn(texts[0]), modelsIn(texts[1])];
  return {
    gone: [...before.keys()].filter((name) => !after.has(name)),
    added: [...after.keys()].filter((name) => !before.has(name)),
    changed: [...after].flatMap(([name, text]) => (before.has(name) && before.get(name) !== text ? [name] : [])),
  };
}

/** What follows from the others, and says nothing by itself. */
const follows = /^(?:tokenrack-cluster|tokenrack-group|minReplicas|maxReplicas|.*-rank)$/;

/** What of the Ray cluster differs: "workers: replicas 3 -> 1". */
function clusterReasons({ changed }: ResourceChange): readonly string[] {
  const words = changed.flatMap((change) => {
    const [, group, last] = /^spec\.rayClusterConfig\.(head|worker)GroupSpecs?\b.*?([\w-]+)$/.exec(change.path) ?? [];
    if (group === undefined || last === undefined || follows.test(last)) return [];
    return [`${group === "head" ? "head" : "workers"}: ${propertyWords({ ...change, path: last })}`];
  });
  return [...new Set(words)].slice(0, mostReasons);
}

/** Without free GPUs the old cluster stops first; the plan says for how long. */
function replaced(service: ResourceChange, { facts }: Known): Told {
  const seconds = facts?.upgrade.clusterSeconds ?? 0;
  const time = seconds === 0 ? "until it is there again" : `for about ${secondsWords(seconds)}`;
  const text = `every model stops, and the gateway answers 503 ${time}`;
  return {
    dangers: [danger("downtime", text, ["no GPUs are free for a second Ray cluster", ...clusterReasons(service)])],
  };
}

function updated(service: ResourceChange, { changed }: ServedChange, { facts }: Known): Told {
  const cluster = service.changed.filter(({ path }) => path.startsWith("spec.rayClusterConfig"));
  // A group that comes after the others has a place of its own.
  const joins = cluster.every(({ path, kind }) => kind === "add" && /GroupSpecs\[\d+\]$/.test(path));
  if (!joins) return { notes: ["a new Ray cluster comes up beside the old one: no request is lost"] };
  const down = (name: string): number => facts?.upgrade.modelSeconds[name] ?? 0;
  const joined = cluster.length === 0 ? [] : [{ notes: ["new pods join the Ray cluster: the other models answer on"] }];
  return together([
    ...joined,
    ...changed.map((name) =>
      down(name) > 0
        ? {
            dangers: [
              danger("downtime", `${name} starts again in place: about ${secondsWords(down(name))} without an answer`),
            ],
          }
        : { notes: [`replicas of ${name} start again one by one: no downtime, less throughput meanwhile`] },
    ),
  ]);
}

/** The RayService of all models. */
export const servedRule: Rule = (changes, known) => {
  const service = named(changes, "served-service");
  if (service === undefined || service.op === "create") return nothing;
  if (service.op === "delete") return { dangers: [danger("downtime", "every model goes: the API answers no request")] };
  const change = servedChange(service);
  const fate = service.op === "replace" ? replaced(service, known) : updated(service, change, known);
  const { gone, added } = change;
  return together([
    {
      dangers: gone.map((name) =>
        danger(
          "downtime",
          `model ${name} is served no more${added.length === 0 ? "" : ` (but ${added.join(", ")})`}: who names it gets 404; its files stay`,
        ),
      ),
    },
    fate,
  ]);
};

/** Jobs that fill the volume. */
export const downloadRule: Rule = (changes, { facts }) => ({
  notes: ofKind(changes, ["Job"], ["create", "replace"]).flatMap(({ name }) => {
    const download = facts?.downloads[name.replace(/^models-/, "")];
    return download === undefined ? [] : [`${download.model}: ${downloadWords(download.gib)}, before it is served`];
  }),
});

/** Ray's pods read it when they start. */
export const rayTokenRule: Rule = (changes) => {
  const token = named(changes, "served-token");
  if (token?.op !== "update") return nothing;
  return { notes: ["Ray's token changes: its pods take it when they start again, and the old one holds until then"] };
};
