/** Volumes and what else keeps data: what is lost, what grows, what an API server refuses. */
import type { ResourceChange } from "../changes";
import { namesOf } from "../words";
import { danger, named, nothing, ofKind, reasonsOf, together, type Rule, type Told } from "./rule";

const units: Readonly<Record<string, number>> = { Mi: 2 ** -10, Gi: 1, Ti: 2 ** 10 };

/** A quantity in GiB; undefined where it is none. */
function gibOf(value: unknown): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(Mi|Gi|Ti)$/.exec(String(value));
  const factor = units[match?.[2] ?? ""];
  return factor === undefined ? undefined : Number(match?.[1]) * factor;
}

function resized(claim: ResourceChange): Told {
  const size = claim.changed.find(({ path }) => path === "spec.resources.requests.storage");
  const [before, after] = [gibOf(size?.before), gibOf(size?.after)];
  if (before === undefined || after === undefined) return nothing;
  const words = `${String(size?.before)} -> ${String(size?.after)}`;
  return after > before
    ? { notes: [`volume ${claim.name} grows, ${words}: its storage class has to allow it`] }
    : { dangers: [danger("refused", `volume ${claim.name} cannot shrink (${words}): the cluster refuses it`)] };
}

const gone = (op: string): string => (op === "delete" ? "is deleted" : "is deleted and made anew");

/** Claims and volumes. */
export const volumeRule: Rule = (changes) =>
  together([
    {
      dangers: ofKind(changes, ["PersistentVolumeClaim", "PersistentVolume", "StatefulSet"], ["replace", "delete"]).map(
        (change) => {
          const what = `${change.thing?.kind ?? ""} ${change.name} ${gone(change.op)}`;
          const again = change.name === "models-volume" ? "; every model is downloaded again" : "";
          return danger("data", `${what}, with the data in it${again}`, reasonsOf(change));
        },
      ),
    },
    ...ofKind(changes, ["PersistentVolumeClaim"], ["update"]).map(resized),
  ]);

/** Stages whose namespaces hold volumes. */
const holdsData: readonly string[] = ["weights", "models", "chat", "cluster", "other"];

/** A namespace takes with it all that is inside. */
export const namespaceRule: Rule = (changes) => ({
  dangers: ofKind(changes, ["Namespace"], ["replace", "delete"])
    .filter(({ stage }) => stage !== "monitoring" && stage !== "chat")
    .map((change) =>
      holdsData.includes(change.stage)
        ? danger("data", `Namespace ${change.name} ${gone(change.op)}, with the data in it`, reasonsOf(change))
        : danger(
            "downtime",
            `Namespace ${change.name} ${gone(change.op)}, with all that runs in it`,
            reasonsOf(change),
          ),
    ),
});

const lostWords = "accounts, chats and uploads on its volume are lost; those in a database of its own stay";

function goingPage(going: readonly ResourceChange[]): Told {
  const fate = going.every(({ op }) => op === "delete") ? "goes" : "is deleted and made anew";
  return { dangers: [danger("data", `the chat page ${fate}: ${lostWords}`, going.flatMap(reasonsOf))] };
}

/** The page keeps accounts and chats on a volume of its chart, which also makes its Ingress. */
export const chatRule: Rule = (changes, { first, facts }) => {
  const own = changes.filter(({ stage }) => stage === "chat");
  const going = ofKind(own, ["Helm release", "Namespace"], ["replace", "delete"]);
  if (going.length > 0) return goingPage(going);
  const page = named(own, "chat-page");
  if (page === undefined) return nothing;
  if (page.op !== "create") return { notes: [`the chat page starts again: ${reasonsOf(page).join(", ")}`] };
  // LobeChat has an Ingress of its own, which another rule sees.
  if (page.thing?.kind !== "Helm release") return nothing;
  const text = `${facts?.chatUrl ?? "the chat page"} is published: a web page whose people use the models`;
  return first ? { notes: [text] } : { dangers: [danger("exposure", text)] };
};

/** Nobody is woken any more. */
export const monitoringRule: Rule = (changes) => {
  const going = changes.filter(
    ({ stage, op, thing }) => stage === "monitoring" && op === "delete" && thing !== undefined,
  );
  if (going.length === 0) return nothing;
  const all = !changes.some(({ stage, op }) => stage === "monitoring" && op !== "delete");
  const rules = going.filter(({ thing }) => /Rules?$/.test(thing?.kind ?? ""));
  const what =
    all && going.some(({ thing }) => thing?.kind === "Namespace") ? "monitoring goes off" : "less is monitored";
  if (rules.length === 0 && what !== "monitoring goes off") {
    return { notes: [`${what}: ${namesOf(going.map(({ name }) => name))} deleted`] };
  }
  const text = `${what}: no alert tells of a model that does not answer`;
  return { dangers: [danger("blind", text, [namesOf(going.map(({ name }) => name.replace(/^monitoring-/, "")))])] };
};
