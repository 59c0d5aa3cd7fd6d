import type { Api } from "./api";
import { isRefusal } from "./api";
import { apiVersionOf, groupOf, kindOf, listAt, textAt, type KubeObject } from "./object";

/** The server has no such kind: a custom resource without its definition. */
export class NoMatchError extends Error {
  constructor(kind: string, apiVersion: string) {
    super(`no matches for kind "${kind}" in version "${apiVersion}"`);
  }
}

/** Where the objects of a kind are in the API. */
export interface ApiResource {
  /** "/api/v1" or "/apis/apps/v1". */
  readonly root: string;
  /** "deployments". */
  readonly plural: string;
  readonly namespaced: boolean;
}

/** Path of one object; of the whole list where `name` is empty. */
export function pathOf(resource: ApiResource, namespace: string, name = ""): string {
  const scope = resource.namespaced ? `/namespaces/${encodeURIComponent(namespace || "default")}` : "";
  return `${resource.root}${scope}/${resource.plural}${name === "" ? "" : `/${encodeURIComponent(name)}`}`;
}

/** Finds kinds in the API of a server. Remembers what it found, but not what it missed: that may come any moment. */
export class Discovery {
  private readonly known = new Map<string, ApiResource>();

  constructor(private readonly api: Api) {}

  /** @throws NoMatchError when the server does not have the kind */
  async find(apiVersion: string, kind: string): Promise<ApiResource> {
    const key = `${apiVersion}/${kind}`;
    const found = this.known.get(key) ?? (await this.ask(apiVersion, kind));
    this.known.set(key, found);
    return found;
  }

  async has(object: KubeObject): Promise<boolean> {
    try {
      await this.find(apiVersionOf(object), kindOf(object));
      return true;
    } catch (error) {
      if (error instanceof NoMatchError) return false;
      throw error;
    }
  }

  private async ask(apiVersion: string, kind: string): Promise<ApiResource> {
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    try {
      const list = listAt(await this.api.send({ method: "GET", path: root }), "resources");
      const entry = list.find((item) => textAt(item, "kind") === kind && !textAt(item, "name").includes("/"));
      if (entry === undefined) throw new NoMatchError(kind, apiVersion);
      const namespaced = typeof entry === "object" && entry !== null && "namespaced" in entry && entry["namespaced"];
      return { root, plural: textAt(entry, "name"), namespaced: namespaced === true };
    } catch (error) {
      if (isRefusal(error, "NotFound")) throw new NoMatchError(kind, apiVersion);
      throw error;
    }
  }
}

/** Groups that Kubernetes itself brings. Their kinds have a known scope, and their objects lose what is empty. */
const BUILT_IN_GROUPS: ReadonlySet<string> = new Set([
  "",
  "admissionregistration.k8s.io",
  "apiextensions.k8s.io",
  "apiregistration.k8s.io",
  "apps",
  "authentication.k8s.io",
  "authorization.k8s.io",
  "autoscaling",
  "batch",
  "certificates.k8s.io",
  "coordination.k8s.io",
  "discovery.k8s.io",
  "events.k8s.io",
  "flowcontrol.apiserver.k8s.io",
  "networking.k8s.io",
  "node.k8s.io",
  "policy",
  "rbac.authorization.k8s.io",
  "resource.k8s.io",
  "scheduling.k8s.io",
  "storage.k8s.io",
]);

/** Kinds of those groups that are in no namespace. @see `kubectl api-resources --namespaced=false` of Kubernetes 1.34 */
const CLUSTER_KINDS: ReadonlySet<string> = new Set([
  "APIService",
  "CSIDriver",
  "CSINode",
  "CertificateSigningRequest",
  "ClusterRole",
  "ClusterRoleBinding",
  "CustomResourceDefinition",
  "DeviceClass",
  "FlowSchema",
  "IPAddress",
  "IngressClass",
  "MutatingAdmissionPolicy",
  "MutatingAdmissionPolicyBinding",
  "MutatingWebhookConfiguration",
  "Namespace",
  "Node",
  "PersistentVolume",
  "PriorityClass",
  "PriorityLevelConfiguration",
  "ResourceSlice",
  "RuntimeClass",
  "SelfSubjectAccessReview",
  "SelfSubjectReview",
  "ServiceCIDR",
  "StorageClass",
  "SubjectAccessReview",
  "TokenReview",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "ValidatingWebhookConfiguration",
  "VolumeAttachment",
  "VolumeAttributesClass",
]);

export const isBuiltIn = (object: KubeObject): boolean => BUILT_IN_GROUPS.has(groupOf(object));

/** Whether a kind that Kubernetes itself brings is in a namespace; undefined for any other kind. */
export const builtInScope = (object: KubeObject): boolean | undefined =>
  isBuiltIn(object) ? !CLUSTER_KINDS.has(kindOf(object)) : undefined;
