/** What Deckhouse's controllers do between two looks at the API: one step a look. */
import type { StoredObject, World } from "./world";

const selectorOf = (group: StoredObject): Record<string, string> => {
  const instances = group.spec?.["staticInstances"] as
    { labelSelector?: { matchLabels?: Record<string, string> } } | undefined;
  // A group that asks for no machines selects none.
  return instances?.labelSelector?.matchLabels ?? { "": "" };
};

const countOf = (group: StoredObject): number =>
  (group.spec?.["staticInstances"] as { count?: number } | undefined)?.count ?? 0;

const phaseOf = (instance: StoredObject): string => instance.status?.currentStatus.phase ?? "Pending";

const forbidden = (instance: StoredObject): boolean =>
  instance.metadata.labels?.["node.deckhouse.io/allow-bootstrap"] === "false";

/** A machine that is wanted no more: drained and cleaned, a look each. */
function clean(instance: StoredObject, world: World): void {
  const phase = phaseOf(instance);
  if (phase === "Running" || phase === "Bootstrapping") instance.status = { currentStatus: { phase: "Cleaning" } };
  if (phase === "Cleaning") {
    instance.status = { currentStatus: { phase: "Pending" } };
    world.nodes = world.nodes.filter(({ name }) => name !== instance.metadata.name);
  }
}

function advance(instance: StoredObject, group: string, world: World): void {
  if (phaseOf(instance) !== "Bootstrapping") return;
  instance.status = { currentStatus: { phase: "Running" } };
  world.nodes.push({ name: instance.metadata.name, group, ready: false });
}

/** One step of all controllers. A group with too many machines gives one back: which one, it chooses itself (the first). */
export function step(world: World): void {
  const all = Object.values(world.objects);
  if (world.stuck !== true) for (const node of world.nodes) node.ready = true;
  const groups = all.filter(({ kind }) => kind === "NodeGroup");
  // With its group a machine loses its place: it is cleaned as one that is wanted no more.
  const selected = (instance: StoredObject): boolean =>
    groups.some((group) =>
      Object.entries(selectorOf(group)).every(([key, value]) => instance.metadata.labels?.[key] === value),
    );
  for (const instance of all) if (instance.kind === "StaticInstance" && !selected(instance)) clean(instance, world);
  for (const group of groups) {
    const mine = all.filter(
      ({ kind, metadata }) =>
        kind === "StaticInstance" &&
        countOf(group) > 0 &&
        Object.entries(selectorOf(group)).every(([key, value]) => metadata.labels?.[key] === value),
    );
    for (const instance of mine) {
      if (forbidden(instance) || phaseOf(instance) === "Cleaning") clean(instance, world);
      else advance(instance, group.metadata.name, world);
    }
    const taken = mine.filter((instance) => phaseOf(instance) !== "Pending");
    const free = mine.filter((instance) => phaseOf(instance) === "Pending" && !forbidden(instance));
    for (const instance of free.slice(0, Math.max(0, countOf(group) - taken.length))) {
      instance.status = { currentStatus: { phase: "Bootstrapping" } };
    }
    const surplus = taken.find((instance) => !forbidden(instance) && phaseOf(instance) === "Running");
    if (taken.length > countOf(group) && surplus !== undefined) clean(surplus, world);
  }
}
