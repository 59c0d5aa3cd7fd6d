/** How pools and settings become NodeGroups and machines: what checks and rendering have to agree on. */
import type { DeckhouseInput, DeckhouseNode, DeckhousePool, IngressController, Taint } from "./types";

/** Name of the NodeGroup. Deckhouse makes the one of the masters itself, by this name. */
export const groupName = ({ role, name }: DeckhousePool): string => (role === "master" ? "master" : name);

/** Labels by which a NodeGroup knows its StaticInstances. */
export const selectorOf = (pool: DeckhousePool): Readonly<Record<string, string>> =>
  pool.selector ?? { "tokenrack.io/pool": groupName(pool) };

/** Labels of a machine's StaticInstance. */
export const instanceLabels = (pool: DeckhousePool, node: DeckhouseNode): Readonly<Record<string, string>> =>
  node.labels ?? selectorOf(pool);

/** Machines that Deckhouse adds: all but the first master, on which the installer works. */
export const addedNodes = ({ role, nodes }: DeckhousePool): readonly DeckhouseNode[] =>
  role === "master" ? nodes.slice(1) : nodes;

/** StaticInstances that a NodeGroup asks for. */
export const instanceCount = (pool: DeckhousePool): number =>
  pool.count === undefined ? addedNodes(pool).length : pool.count - (pool.role === "master" ? 1 : 0);

/** Kubernetes nodes of a pool when it is complete. */
export const nodeCount = (pool: DeckhousePool): number => pool.count ?? pool.nodes.length;

/** Taint keys that the platform's own pods tolerate, sorted: without them nodes with a taint never become ready. */
export const tolerationKeys = ({ cluster, pools }: DeckhouseInput): readonly string[] =>
  [...new Set(cluster.customTolerationKeys ?? pools.flatMap(({ taints = [] }) => taints.map(({ key }) => key)))].sort();

/** Whether a selector of nodes takes those of a pool. */
export const selectsPool = (selector: Readonly<Record<string, string>>, { labels = {} }: DeckhousePool): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);

/** What tolerates a taint, and nothing else. */
const tolerationOf = ({ key, value, effect }: Taint) =>
  value === undefined ? { key, operator: "Exists", effect } : { key, operator: "Equal", value, effect };

/** What lets controllers onto every node that their selectors take: the taints of those pools, each once. */
export function tolerationsOn(
  pools: readonly DeckhousePool[],
  controllers: readonly Pick<IngressController, "nodeSelector">[],
): readonly ReturnType<typeof tolerationOf>[] {
  const taken = pools.filter((pool) => controllers.some(({ nodeSelector }) => selectsPool(nodeSelector, pool)));
  const all = taken.flatMap(({ taints = [] }) => taints.map(tolerationOf));
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}

/** The class for claims that name none; undefined without storage. */
export function defaultStorageClass(input: DeckhouseInput): string | undefined {
  const { defaultStorageClass: own, cephClasses = [], localPaths = [] } = input;
  return own ?? cephClasses.find(({ type }) => type === "RBD")?.name ?? cephClasses[0]?.name ?? localPaths[0]?.name;
}
