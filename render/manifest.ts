/** A Kubernetes object as plain data. */
import type { Scheduling } from "../plan/stages/types";
import { partOf, type Component } from "../plan/stages/names";
import type { Json, JsonObject } from "./text";

/** What every object has; the rest is as its kind says. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    /** Absent for what belongs to the whole cluster. */
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: Json;
}

/** Labels of an object of ours, and of its pods. */
export const labelsOf = (component: Component): Readonly<Record<string, string>> => ({
  "app.kubernetes.io/part-of": partOf,
  "app.kubernetes.io/component": component,
});

/** Security of a pod that a namespace of the level `restricted` takes. @see https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
export const podSecurity = (user: number) =>
  ({
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: user,
    fsGroup: user,
    // Without it every mount walks the whole model volume.
    fsGroupChangePolicy: "OnRootMismatch",
    seccompProfile: { type: "RuntimeDefault" },
  }) as const;

/** The same of a container. */
export const containerSecurity = (readOnlyRootFilesystem = true) =>
  ({
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    readOnlyRootFilesystem,
  }) as const;

/** Fields of a pod whose images come from a registry with a login. */
export const pullSecrets = ({ pullSecret }: { readonly pullSecret?: string }): JsonObject =>
  pullSecret === undefined ? {} : { imagePullSecrets: [{ name: pullSecret }] };

/**
 * What every pod of ours has: where it runs, as whom, the logins it is pulled with, and no way to Kubernetes' API.
 * @param user its uid and gid
 */
export const podBase = (
  { nodeSelector, tolerations }: Scheduling,
  plan: { readonly pullSecret?: string },
  user: number,
): JsonObject => ({
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  ...pullSecrets(plan),
  nodeSelector,
  tolerations: tolerations.map((one) => ({ ...one })),
  securityContext: podSecurity(user),
});

/** The Secret with the logins of registries, without what is in it. Its one key is Kubernetes' own. */
export const pullSecretManifest = (name: string, namespace: string): Manifest => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace, labels: { "app.kubernetes.io/part-of": partOf } },
  type: "kubernetes.io/dockerconfigjson",
});

/** Key of that Secret. @see https://kubernetes.io/docs/concepts/configuration/secret/#docker-config-secrets */
export const pullSecretKey = ".dockerconfigjson";

/** A level of the Pod Security Standards. */
export type SecurityLevel = "privileged" | "baseline" | "restricted";

/** A namespace of ours that enforces a level on its pods, and warns of what a stricter cluster would refuse. */
export const namespaceManifest = (name: string, level: SecurityLevel): Manifest => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: {
    name,
    labels: {
      "app.kubernetes.io/part-of": partOf,
      "pod-security.kubernetes.io/enforce": level,
      "pod-security.kubernetes.io/warn": level,
    },
  },
});
