/** NodeGroups, and the machines that Deckhouse adds to them by itself (Cluster API Provider Static). */
import { clusterObject, secretRef, type ClusterObject } from "./objects";
import { addedNodes, groupName, instanceCount, instanceLabels, selectorOf } from "../../plan/deckhouse/groups";
import type { Cri, DeckhouseInput, DeckhouseNode, DeckhousePool, Taint } from "../../plan/deckhouse/types";

/** Name of the secret with the nodes' SSH key, base64 of its PEM. */
export const nodeKeySecret = "nodeSshKey.base64";
const credentials = "tokenrack-nodes";

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

function nodeGroup(pool: DeckhousePool, cri: Cri): ClusterObject {
  const count = instanceCount(pool);
  const spec = {
    nodeType: "Static",
    ...nodeTemplate(pool),
    // A node that is drained by itself stops a model in the middle of an answer: GPU nodes and masters wait for a person.
    disruptions: { approvalMode: pool.role === "gpu" || pool.role === "master" ? "Manual" : "Automatic" },
    chaos: { mode: "Disabled" },
    // By the group, as ClusterConfiguration's default is only read when the cluster is made.
    cri: { type: cri },
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
  ...input.pools.map((pool) => nodeGroup(pool, input.cluster.defaultCri)),
];
