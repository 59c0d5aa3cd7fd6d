/** Selectors against labels, and counts against machines. */
import type { Fault } from "../../../config/errors";
import { addedNodes, groupName, instanceCount, instanceLabels, selectorOf } from "../groups";
import type { DeckhouseInput, DeckhouseNode, DeckhousePool } from "../types";
import { plural } from "../../../catalog/units";

type Labels = Readonly<Record<string, string>>;

/** A machine that Deckhouse adds, with where it stands. */
interface Machine {
  readonly path: string;
  readonly node: DeckhouseNode;
  readonly labels: Labels;
}

const machinesOf = ({ pools }: DeckhouseInput): readonly Machine[] =>
  pools.flatMap((pool, index) =>
    addedNodes(pool).map((node) => ({
      path: `pools[${index}].nodes[${pool.nodes.indexOf(node)}]`,
      node,
      labels: instanceLabels(pool, node),
    })),
  );

const matches = (selector: Labels, labels: Labels): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);

const inWords = (labels: Labels): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",") || "no labels";

const machines = (count: number): string => plural(count, "machine");

/** Deckhouse waits forever for machines that are not there, and leaves those alone that are too many. */
function countFault(pool: DeckhousePool, index: number, all: readonly Machine[]): Fault[] {
  const wanted = instanceCount(pool);
  const selector = selectorOf(pool);
  const found = all.filter(({ labels }) => matches(selector, labels));
  if (found.length === wanted) return [];
  const verb = found.length === 1 ? "matches" : "match";
  const names = found.length === 0 ? "" : ` (${found.map(({ node }) => node.name).join(", ")})`;
  const masters = pool.role === "master" ? " besides the first master" : "";
  return [
    {
      path: `pools[${index}].count`,
      found: `NodeGroup ${groupName(pool)} asks for ${machines(wanted)}${masters}, and ${found.length} ${verb} its selector ${inWords(selector)}${names}`,
      needed: "as many machines as the group asks for",
      fix: `write \`count: ${found.length + (pool.role === "master" ? 1 : 0)}\`, or ${found.length < wanted ? "add machines" : "move machines to another pool"}`,
    },
  ];
}

/** Each machine in exactly one group: with two, Deckhouse takes the first that asks. */
function groupFault({ path, node, labels }: Machine, pools: readonly DeckhousePool[]): Fault[] {
  const groups = pools.filter((pool) => instanceCount(pool) > 0 && matches(selectorOf(pool), labels)).map(groupName);
  if (groups.length === 1) return [];
  return [
    {
      path,
      found: `${node.name} with ${inWords(labels)}, which ${groups.length === 0 ? "no NodeGroup selects" : `the NodeGroups ${groups.join(" and ")} select`}`,
      needed: "labels that exactly one NodeGroup selects",
      fix: "correct its labels, or the selectors",
    },
  ];
}

/** A second object by the same name would silently replace the first. */
function twiceFaults(pools: readonly DeckhousePool[]): Fault[] {
  const places = pools.flatMap((pool, index) => [
    { path: `pools[${index}].name`, what: "NodeGroup", value: groupName(pool) },
    ...pool.nodes.flatMap(({ name, address }, node) => [
      { path: `pools[${index}].nodes[${node}].name`, what: "name", value: name },
      { path: `pools[${index}].nodes[${node}].address`, what: "address", value: address },
    ]),
  ]);
  const first = new Map<string, string>();
  return places.flatMap(({ path, what, value }) => {
    const key = `${what} ${value}`;
    const before = first.get(key);
    if (before === undefined) first.set(key, path);
    if (before === undefined) return [];
    const fix = `change ${path} or ${before}`;
    return [{ path, found: `${key}, which is also ${before}`, needed: `each ${what} once`, fix }];
  });
}

/** Faults in pools and machines. */
export function machineFaults(input: DeckhouseInput): readonly Fault[] {
  const all = machinesOf(input);
  return [
    ...twiceFaults(input.pools),
    ...input.pools.flatMap((pool, index) => countFault(pool, index, all)),
    ...all.flatMap((machine) => groupFault(machine, input.pools)),
  ];
}
