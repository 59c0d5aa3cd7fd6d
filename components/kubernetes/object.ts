/** One object of the Kubernetes API out of a manifest. */
import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Manifest } from "../../render/manifest";

type Kind = new (name: string, manifest: never, opts: pulumi.CustomResourceOptions) => pulumi.CustomResource;

/** Kinds that the provider knows how to wait for have their own types; every other kind is a custom resource. */
const builtIn: Readonly<Record<string, Kind>> = {
  "v1/Namespace": k8s.core.v1.Namespace,
  "v1/Secret": k8s.core.v1.Secret,
  "v1/ConfigMap": k8s.core.v1.ConfigMap,
  "v1/Service": k8s.core.v1.Service,
  "v1/ServiceAccount": k8s.core.v1.ServiceAccount,
  "v1/PersistentVolume": k8s.core.v1.PersistentVolume,
  "v1/PersistentVolumeClaim": k8s.core.v1.PersistentVolumeClaim,
  "apps/v1/Deployment": k8s.apps.v1.Deployment,
  "apps/v1/StatefulSet": k8s.apps.v1.StatefulSet,
  "apps/v1/DaemonSet": k8s.apps.v1.DaemonSet,
  "batch/v1/Job": k8s.batch.v1.Job,
  "batch/v1/CronJob": k8s.batch.v1.CronJob,
  "policy/v1/PodDisruptionBudget": k8s.policy.v1.PodDisruptionBudget,
  "networking.k8s.io/v1/NetworkPolicy": k8s.networking.v1.NetworkPolicy,
  "networking.k8s.io/v1/Ingress": k8s.networking.v1.Ingress,
  "scheduling.k8s.io/v1/PriorityClass": k8s.scheduling.v1.PriorityClass,
  "rbac.authorization.k8s.io/v1/Role": k8s.rbac.v1.Role,
  "rbac.authorization.k8s.io/v1/RoleBinding": k8s.rbac.v1.RoleBinding,
};

/** What a manifest cannot hold because it is only known later, or is secret: beside its own fields. */
export type LateFields = Readonly<Record<string, pulumi.Input<unknown>>>;

/** Registers the object. @param late fields that replace the manifest's own of the same name, such as a Secret's `stringData` */
export function kubernetesObject(
  name: string,
  manifest: Manifest,
  opts: pulumi.CustomResourceOptions,
  late: LateFields = {},
): pulumi.CustomResource {
  const kind = builtIn[`${manifest.apiVersion}/${manifest.kind}`] ?? k8s.apiextensions.CustomResource;
  // A manifest is held to its kind's schema by the API server, not by the compiler.
  return new kind(name, { ...manifest, ...late } as never, opts);
}

/** A namespace that is only known once it is closed, for `late`: what goes into it waits for that. */
export const inNamespace = ({ metadata }: Manifest, namespace: pulumi.Input<string>): LateFields => ({
  metadata: { ...metadata, namespace },
});
