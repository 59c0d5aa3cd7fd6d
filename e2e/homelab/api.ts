/** The rack's API as the simulated parts of Deckhouse use it: lists, server-side apply, status, delete. */
import { setMaxListeners } from "node:events";
import { readFileSync } from "node:fs";
import { Api, isRefusal } from "../../engine/standins/kubernetes/api";
import { accessOf, parseKubeconfig } from "../../engine/standins/kubernetes/kubeconfig";
import {
  isMap,
  kindOf,
  listAt,
  nameOf,
  namespaceOf,
  textAt,
  type KubeObject,
} from "../../engine/standins/kubernetes/object";

/** Plural names of the kinds that are written here. */
const plurals: Readonly<Record<string, string>> = {
  Certificate: "certificates",
  CustomResourceDefinition: "customresourcedefinitions",
  Ingress: "ingresses",
  MutatingWebhookConfiguration: "mutatingwebhookconfigurations",
  IngressClass: "ingressclasses",
  Namespace: "namespaces",
  Node: "nodes",
  NodeGroup: "nodegroups",
  PersistentVolume: "persistentvolumes",
  Secret: "secrets",
  StaticInstance: "staticinstances",
  StorageClass: "storageclasses",
};

/** "/apis/deckhouse.io/v1" or "/api/v1". */
export const rootOf = (apiVersion: string): string =>
  apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;

function pathOf(object: KubeObject): string {
  const namespace = namespaceOf(object);
  const plural = plurals[kindOf(object)];
  if (plural === undefined) throw new RangeError(`no plural of ${kindOf(object)}`);
  const inside = namespace === "" ? "" : `/namespaces/${namespace}`;
  return `${rootOf(textAt(object, "apiVersion"))}${inside}/${plural}/${nameOf(object)}`;
}

/** Who writes. */
const manager = "simulated-deckhouse";

export class ClusterApi {
  private readonly stopped = new AbortController();
  private readonly api: Api;

  /** @param kubeconfig path of one with all rights */
  constructor(kubeconfig: string) {
    // Each request has one, and there are many at a time.
    setMaxListeners(0, this.stopped.signal);
    this.api = new Api(accessOf(parseKubeconfig(readFileSync(kubeconfig, "utf8")), {}), this.stopped.signal);
  }

  /** Ends what runs. */
  close(): void {
    this.stopped.abort();
  }

  /** Objects of a list; none where the server does not know the kind. @param path "/apis/deckhouse.io/v1/nodegroups" */
  async list(path: string): Promise<readonly KubeObject[]> {
    const found = await this.get(path);
    return found === undefined ? [] : listAt(found, "items").filter(isMap);
  }

  /** One object, or a list; undefined where there is none. */
  async get(path: string): Promise<KubeObject | undefined> {
    try {
      return await this.api.send({ method: "GET", path });
    } catch (error) {
      if (isRefusal(error, "NotFound")) return undefined;
      throw error;
    }
  }

  /** Server-side apply. */
  async apply(object: KubeObject, subresource: "" | "/status" = ""): Promise<void> {
    await this.api.send({
      method: "PATCH",
      path: `${pathOf(object)}${subresource}`,
      query: { fieldManager: manager, force: "true" },
      contentType: "application/apply-patch+yaml",
      body: object,
    });
  }

  /** Deletes it; one that is gone already is fine. */
  async delete(path: string): Promise<void> {
    try {
      await this.api.send({ method: "DELETE", path });
    } catch (error) {
      if (!isRefusal(error, "NotFound")) throw error;
    }
  }
}
