import { apiVersionOf, kindOf, type KubeObject } from "./object";
import type { Settings } from "./settings";

const under = (prefix: string, ...names: readonly string[]): readonly string[] =>
  names.map((name) => `${prefix}.${name}`);

const workload = [".spec.selector"];
const statefulSet = [
  ...workload,
  ...under(".spec", "podManagementPolicy", "revisionHistoryLimit", "serviceName", "volumeClaimTemplates"),
];
const job = [...workload, ...under(".spec", "completions", "parallelism", "template")];

const containerFields = [
  "args",
  "command",
  "env",
  "image",
  "imagePullPolicy",
  "lifecycle",
  "livenessProbe",
  "ports",
  "readinessProbe",
  "resources",
  "securityContext",
  "stdin",
  "stdinOnce",
  "terminationMessagePath",
  "terminationMessagePolicy",
  "tty",
  "volumeDevices",
  "volumeMounts",
  "workingDir",
];

const podFields = [
  "affinity",
  "automountServiceAccountToken",
  "dnsConfig",
  "dnsPolicy",
  "enableServiceLinks",
  "hostAliases",
  "hostIPC",
  "hostNetwork",
  "hostPID",
  "hostname",
  "imagePullSecrets",
  "nodeName",
  "nodeSelector",
  "overhead",
  "preemptionPolicy",
  "priority",
  "priorityClassName",
  "readinessGates",
  "restartPolicy",
  "runtimeClassName",
  "schedulerName",
  "securityContext",
  "serviceAccount",
  "serviceAccountName",
  "shareProcessNamespace",
  "subdomain",
  "terminationGracePeriodSeconds",
  "volumes",
];

const volumeSources = [
  "awsElasticBlockStore",
  "azureDisk",
  "azureFile",
  "cephfs",
  "cinder",
  "csi",
  "fc",
  "flexVolume",
  "flocker",
  "gcePersistentDisk",
  "glusterfs",
  "hostPath",
  "iscsi",
  "local",
  "nfs",
  "photonPersistentDisk",
  "portworxVolume",
  "quobyte",
  "rbd",
  "scaleIO",
  "storageos",
  "vsphereVolume",
];

/** Paths that cannot be changed in place. @see pulumi-kubernetes v4.32.0, provider/pkg/provider/diff.go */
const FORCE_NEW: Readonly<Record<string, readonly string[]>> = {
  "apps/v1/DaemonSet": workload,
  "apps/v1/Deployment": workload,
  "apps/v1/StatefulSet": statefulSet,
  "batch/v1/Job": job,
  "rbac.authorization.k8s.io/v1/ClusterRoleBinding": [".roleRef"],
  "rbac.authorization.k8s.io/v1/RoleBinding": [".roleRef"],
  "storage.k8s.io/v1/StorageClass": [".parameters", ".provisioner"],
  "v1/PersistentVolume": under(".spec", ...volumeSources),
  "v1/PersistentVolumeClaim": under(".spec", "accessModes", "selector", "storageClassName", "volumeName"),
  "v1/Pod": [
    ...under(".spec", ...podFields),
    ...under(".spec.containers[*]", ...containerFields),
    ...under(".spec.initContainers[*]", ...containerFields),
  ],
  "v1/ResourceQuota": [".spec.scopes"],
  "v1/Secret": [".type"],
  "v1/Service": [".spec.clusterIP"],
};

/** Which changes of this object need another object in its place. */
export function forceNewOf(object: KubeObject, settings: Settings): readonly string[] {
  const identity = [".metadata.name", ".metadata.namespace"];
  const immutable = object["immutable"] === true;
  const type = `${apiVersionOf(object)}/${kindOf(object)}`;
  if (type === "v1/Secret" && (!settings.secretMutable || immutable))
    return [...identity, ".type", ".stringData", ".data"];
  if (type === "v1/ConfigMap" && (!settings.configMapMutable || immutable))
    return [...identity, ".binaryData", ".data"];
  return [...identity, ...(FORCE_NEW[type] ?? [])];
}
