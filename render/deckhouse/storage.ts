/** Storage classes: Ceph (RBD and CephFS) and directories of nodes. */
import { clusterObject, secretRef, type ClusterObject } from "./objects";
import type { CephClass, CephConnection, DeckhouseInput, LocalPath } from "../../plan/deckhouse/types";

/** Name of the secret with the key of a connection's Ceph user. */
export const cephSecret = (connection: string): string => `ceph-${connection}`;

/**
 * User and key are the connection's own since csi-ceph reads no other object for them: another user is another connection.
 * @see https://github.com/deckhouse/csi-ceph crds/cephclusterconnection.yaml
 */
const connection = ({ name, clusterId, monitors, user }: CephConnection, module: string | undefined): ClusterObject =>
  clusterObject({
    apiVersion: "storage.deckhouse.io/v1alpha1",
    kind: "CephClusterConnection",
    name,
    fields: { spec: { clusterID: clusterId, monitors, userID: user, userKey: secretRef(cephSecret(name)) } },
    after: [module],
  });

function storageClass(one: CephClass, module: string | undefined): ClusterObject {
  const { name, connection: clusterConnectionName, reclaimPolicy = "Delete", type } = one;
  const backing =
    one.type === "RBD"
      ? { rbd: { defaultFSType: one.fsType ?? "ext4", pool: one.pool } }
      : { cephFS: { fsName: one.fileSystem } };
  return clusterObject({
    apiVersion: "storage.deckhouse.io/v1alpha1",
    kind: "CephStorageClass",
    name,
    fields: { spec: { clusterConnectionName, reclaimPolicy, type, ...backing } },
    after: [module, `CephClusterConnection/${clusterConnectionName}`],
  });
}

const localPath = ({ name, path, pools, reclaimPolicy = "Delete" }: LocalPath): ClusterObject =>
  clusterObject({
    apiVersion: "deckhouse.io/v1alpha1",
    kind: "LocalPathProvisioner",
    name,
    fields: { spec: { path, reclaimPolicy, ...(pools === undefined ? {} : { nodeGroups: pools }) } },
  });

/** All of a stack's storage. @param module id of the ModuleConfig of csi-ceph */
export const storageObjects = (input: DeckhouseInput, module: string | undefined): readonly ClusterObject[] => [
  ...(input.cephConnections ?? []).map((one) => connection(one, module)),
  ...(input.cephClasses ?? []).map((one) => storageClass(one, module)),
  ...(input.localPaths ?? []).map(localPath),
];
