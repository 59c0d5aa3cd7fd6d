/** How pools and settings become NodeGroups and machines: what checks and rendering have to agree on. */
import type { DeckhouseInput, DeckhouseNode, DeckhousePool } from "./types";

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

/** The class for claims that name none; undefined without storage. */
export function defaultStorageClass(input: DeckhouseInput): string | undefined {
  const { defaultStorageClass: own, cephClasses = [], localPaths = [] } = input;
  return own ?? cephClasses.find(({ type }) => type === "RBD")?.name ?? cephClasses[0]?.name ?? localPaths[0]?.name;
}
