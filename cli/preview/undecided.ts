/**
 * Changes that may turn out to be none: where hosts or nodes change, a preview knows the cluster's kubeconfig no longer, and
 * then the engine shows all that is inside the cluster as made anew.
 */
import { secretText, unknownText, type PropertyChange } from "../../engine/preview";
import { count } from "../../plan/explain/words";
import type { ResourceChange } from "./changes";
import { changedFigures, type ComparedModel } from "./compare";
import type { Danger } from "./danger";
import { secondsWords, type StageFacts } from "./facts";
import { stageOrder } from "./stages";
import { namesOf } from "./words";

/** Stages inside a cluster. */
const inside = new Set(stageOrder.slice(stageOrder.indexOf("gpus")));

const waits = ({ path, after }: PropertyChange): boolean => path === "provider" || after === unknownText;

const isSecret = ({ before, after }: PropertyChange): boolean => before === secretText && after === secretText;

/**
 * True where nothing differs but what only the up will know.
 * @param hidden the recorded secrets could not be opened: each shows as another one
 */
export function isUndecided({ op, stage, changed }: ResourceChange, hidden: boolean): boolean {
  if ((op !== "update" && op !== "replace") || changed.length === 0) return false;
  if (hidden) return changed.every((change) => isSecret(change) || waits(change));
  return inside.has(stage) && changed.every(waits);
}

/** What to know of them. */
export function undecidedNotes(undecided: readonly ResourceChange[]): readonly string[] {
  const anew = undecided.filter(({ changed }) => changed.some(({ path }) => path === "provider"));
  if (anew.length === 0) return [];
  return [
    `${count(anew.length, "object")} in the cluster left out here: a preview does not know the kubeconfig again, and the engine shows ` +
      "each as made anew; the up finds the same cluster, and changes only what differs",
  ];
}

/** The engine stops at a protected one although it would stay, and says nothing of what really differs. */
export function undecidedDangers(
  undecided: readonly ResourceChange[],
  models: readonly ComparedModel[],
  facts: StageFacts | undefined,
): readonly Danger[] {
  const own = undecided.filter(({ op, protect }) => protect && op === "replace");
  const names = namesOf(own.map(({ name }) => name));
  const text = `\`pulumi up\` stops in its own preview: it takes ${names}, which ${own.length === 1 ? "is" : "are"} protected, for made anew`;
  const served = undecided.some(({ name }) => name === "served-service");
  const figures = models.flatMap((model) =>
    changedFigures(model).filter((words) => /^(?:model|layout|replicas)/.test(words)),
  );
  const seconds = facts?.upgrade.clusterSeconds ?? 0;
  const time = seconds === 0 ? "" : ` for about ${secondsWords(seconds)}`;
  const stop = {
    kind: "downtime",
    text: `every model stops, and the gateway answers 503${time}`,
    why: figures,
  } as const;
  return [
    ...(own.length === 0
      ? []
      : [
          {
            kind: "refused",
            text,
            why: ["its kubeconfig is known only during the up: `pulumi up --skip-preview` leaves it"],
          } as const,
        ]),
    ...(served && figures.length > 0 && seconds > 0 ? [stop] : []),
  ];
}
