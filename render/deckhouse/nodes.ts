/** NodeGroups, and the machines that Deckhouse adds to them by itself (Cluster API Provider Static). */
import { clusterObject, secretRef, type ClusterObject } from "./objects";
import type { DeckhouseInput, DeckhouseNode, DeckhousePool, Taint } from "./types";

/** Name of the secret with the nodes' SSH key, base64 of its PEM. */
export const nodeKeySecret = "nodeSshKey.base64";
const credentials = "tokenrack-nodes";

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

const instanceId = ({ name }: DeckhouseNode): string => `StaticInstance/${name}`;

const taint = ({ key, value, effect }: Taint) => ({ key, effect, ...(value === undefined ? {} : { value }) });

function nodeTemplate({ labels = {}, taints = [], role }: DeckhousePool) {
  const template = {
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    // The masters' own taints are Deckhouse's; naming others would drop them.
    ...(taints.length === 0 || role === "master" ? {} : { taints: taints.map(taint) }),
  };
  return Object.keys(template).length === 0 ? {} : { nodeTemplate: template };
}

function nodeGroup(pool: DeckhousePool): ClusterObject {
  const count = instanceCount(pool);
  const spec = {
    nodeType: "Static",
    ...nodeTemplate(pool),
    // A node that is drained by itself stops a model in the middle of an answer: GPU nodes and masters wait for a person.
    disruptions: { approvalMode: pool.role === "gpu" || pool.role === "master" ? "Manual" : "Automatic" },
    chaos: { mode: "Disabled" },
    ...(pool.cri === undefined ? {} : { cri: { type: pool.cri } }),
    ...(count === 0 ? {} : { staticInstances: { count, labelSelector: { matchLabels: selectorOf(pool) } } }),
  };
  return clusterObject({
    apiVersion: "deckhouse.io/v1",
    kind: "NodeGroup",
    name: groupName(pool),
    fields: { spec },
    // Deckhouse refuses a taint that `global` does not know, and wants the machines before the group that takes them.
    after: ["ModuleConfig/global", ...addedNodes(pool).map(instanceId)],
    keep: pool.role === "master",
  });
}

const sshCredentials = ({ user, port }: DeckhouseInput["ssh"]): ClusterObject =>
  clusterObject({
    apiVersion: "deckhouse.io/v1alpha2",
    kind: "SSHCredentials",
    name: credentials,
    fields: { spec: { user, sshPort: port, privateSSHKey: secretRef(nodeKeySecret) } },
  });

const staticInstance = (pool: DeckhousePool, node: DeckhouseNode): ClusterObject =>
  clusterObject({
    apiVersion: "deckhouse.io/v1alpha2",
    kind: "StaticInstance",
    name: node.name,
    labels: instanceLabels(pool, node),
    fields: {
      spec: {
        address: node.address,
        credentialsRef: { apiVersion: "deckhouse.io/v1alpha2", kind: "SSHCredentials", name: credentials },
      },
    },
    after: [`SSHCredentials/${credentials}`],
  });

/** Credentials, machines and groups. */
export const nodeObjects = (input: DeckhouseInput): readonly ClusterObject[] => [
  sshCredentials(input.ssh),
  ...input.pools.flatMap((pool) => addedNodes(pool).map((node) => staticInstance(pool, node))),
  ...input.pools.map(nodeGroup),
];
