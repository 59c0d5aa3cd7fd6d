/** What Deckhouse's module csi-ceph would do, without Ceph: classes of its CephStorageClasses, and a directory of this machine for each claim. */
import { at, mapAt, nameOf, namespaceOf, textAt, type KubeObject } from "../../engine/standins/kubernetes/object";

/** Who provisions, as it stands in classes and volumes: by this name nobody takes it for Ceph. */
export const provisioner = "simulated.csi-ceph";

/** The class that a CephStorageClass asks for. */
export function storageClass(ceph: KubeObject, isDefault: boolean): KubeObject {
  const annotations = isDefault ? { "storageclass.kubernetes.io/is-default-class": "true" } : {};
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name: nameOf(ceph), annotations },
    provisioner,
    reclaimPolicy: textAt(ceph, "spec", "reclaimPolicy"),
    volumeBindingMode: "Immediate",
  };
}

/** Name of a claim's volume: another claim of the same name is another volume. */
export const volumeName = (claim: KubeObject): string => `pvc-${textAt(claim, "metadata", "uid")}`;

/** The volume for a claim that waits for one; undefined for one that does not, or whose class is not of these. */
export function volumeFor(
  claim: KubeObject,
  classes: readonly KubeObject[],
  directoryOf: (name: string) => string,
): KubeObject | undefined {
  const className = textAt(claim, "spec", "storageClassName");
  const own = classes.find((one) => nameOf(one) === className && textAt(one, "provisioner") === provisioner);
  if (own === undefined || textAt(claim, "status", "phase") !== "Pending") return undefined;
  const name = volumeName(claim);
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name, annotations: { "pv.kubernetes.io/provisioned-by": provisioner } },
    spec: {
      storageClassName: className,
      accessModes: at(claim, "spec", "accessModes") ?? [],
      capacity: mapAt(claim, "spec", "resources", "requests"),
      persistentVolumeReclaimPolicy: textAt(own, "reclaimPolicy"),
      claimRef: { namespace: namespaceOf(claim), name: nameOf(claim), uid: textAt(claim, "metadata", "uid") },
      hostPath: { path: directoryOf(name), type: "Directory" },
    },
  };
}

/** Volumes whose claim is gone and that are to go with it. */
export const released = (volumes: readonly KubeObject[]): readonly string[] =>
  volumes
    .filter(
      (one) =>
        textAt(one, "metadata", "annotations", "pv.kubernetes.io/provisioned-by") === provisioner &&
        textAt(one, "status", "phase") === "Released" &&
        textAt(one, "spec", "persistentVolumeReclaimPolicy") === "Delete",
    )
    .map(nameOf);
