import type { Call } from "../provider";
import { isRefusal } from "./api";
import { messageOf, type Cluster, type Connection } from "./cluster";
import { NoMatchError, pathOf, type ApiResource } from "./discovery";
import { hasOldManager, isUnmanaged, takenOver, withoutIgnored } from "./managers";
import {
  annotationOf,
  apiVersionOf,
  isCustomResourceDefinition,
  kindOf,
  nameOf,
  namespaceOf,
  textAt,
  withAt,
  withoutAt,
  type KubeObject,
} from "./object";

const CONFLICTS =
  "https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/" +
  "managing-resources-with-server-side-apply/#handle-field-conflicts-on-existing-resources";

const EXISTS_HINTS = `

The resource already exists in the cluster. This can happen when:

  - Renaming a Pulumi resource: use an alias to preserve the identity,
    or use deleteBeforeReplace if the resource needs replacement.
  - Managing an existing resource: use a Patch resource (e.g. NamespacePatch)
    to manage specific fields without owning the resource lifecycle.
  - Adopting a resource into Pulumi: use \`pulumi import\`. Note that
    protected resources (e.g. kube-system) cannot be deleted on destroy.
  - Intentional upsert: set upsertExistingObjects on the provider to allow
    server-side apply to update existing objects on create.`;

/** The object is there already: the server's words and what can be done. */
export class AlreadyExists extends Error {}

/** Manager of what a create writes; the first update takes it over. */
const CREATE_MANAGER = "pulumi-kubernetes";

/** A create is tried again while its namespace or definition is missing: after 1, 2, 4, 8 and 16 s. */
const MAX_RETRIES = 5;

/** Races with controllers for `managedFields` are tried again at once, this often. */
const MAX_CONFLICTS = 5;

/** Single requests about one object. */
export class Operations {
  constructor(private readonly cluster: Cluster) {}

  private get connection(): Connection {
    const { connection } = this.cluster;
    if (connection === undefined) throw new Error(this.cluster.reason);
    return connection;
  }

  private find(object: KubeObject): Promise<ApiResource> {
    return this.connection.discovery.find(apiVersionOf(object), kindOf(object));
  }

  /** @throws ApiError of reason NotFound, NoMatchError */
  async get(object: KubeObject): Promise<KubeObject> {
    const path = pathOf(await this.find(object), namespaceOf(object), nameOf(object));
    return this.connection.api.send({ method: "GET", path });
  }

  /** @throws Error in the official plugin's words; AlreadyExists */
  async create(call: Call, object: KubeObject, manager: string): Promise<KubeObject> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.createOnce(call, object, manager);
      } catch (error) {
        const mayAppear = error instanceof NoMatchError || isRefusal(error, "NotFound");
        const noNamespace = isRefusal(error, "NotFound") && error.about === "namespaces";
        if (call.preview && noNamespace) throw error;
        call.log(`Retry #${attempt}; creation failed: ${messageOf(error)}`);
        if (isRefusal(error, "AlreadyExists")) throw new AlreadyExists(`${error.message}${EXISTS_HINTS}`);
        if (!mayAppear || attempt === MAX_RETRIES) throw error;
        await this.cluster.sleep(2 ** attempt * 1000);
      }
    }
  }

  private async createOnce(call: Call, object: KubeObject, manager: string): Promise<KubeObject> {
    const resource = await this.find(object);
    if (this.cluster.settings.upsert) return this.apply(call, object, manager, call.preview || this.forces(object));
    const path = pathOf(resource, namespaceOf(object));
    const query = { fieldManager: CREATE_MANAGER, ...dryRun(call) };
    return this.connection.api.send({ method: "POST", path, query, body: placed(object, resource) });
  }

  private forces(object: KubeObject): boolean {
    return this.cluster.settings.patchForce || annotationOf(object, "pulumi.com/patchForce") === "true";
  }

  /** @throws ApiError, Error of a conflict in the official plugin's words */
  async update(call: Call, object: KubeObject, manager: string): Promise<KubeObject> {
    const path = pathOf(await this.find(object), namespaceOf(object), nameOf(object));
    const live = await this.connection.api.send({ method: "GET", path });
    if (isCustomResourceDefinition(object)) {
      // Replaced as a whole: what a schema no longer has must go.
      const body = withAt(object, ["metadata", "resourceVersion"], textAt(live, "metadata", "resourceVersion"));
      return this.connection.api.send({
        method: "PUT",
        path,
        query: { fieldManager: manager, ...dryRun(call) },
        body,
      });
    }
    const ours = call.preview ? live : await this.takeOver(path, live, manager);
    const inputs = withoutIgnored(object, ours, call.ignoreChanges, manager);
    const force = this.forces(object) || isUnmanaged(ours) || (call.preview && hasOldManager(ours));
    return this.apply(call, inputs, manager, force);
  }

  private async takeOver(path: string, live: KubeObject, manager: string): Promise<KubeObject> {
    const { api } = this.connection;
    let now = live;
    for (let attempt = 0; ; attempt++) {
      const managedFields = takenOver(now, manager);
      if (managedFields === undefined) return now;
      const resourceVersion = textAt(now, "metadata", "resourceVersion");
      const body = [
        { op: "replace", path: "/metadata/managedFields", value: managedFields },
        { op: "replace", path: "/metadata/resourceVersion", value: resourceVersion },
      ];
      try {
        return await api.send({ method: "PATCH", path, body, contentType: "application/json-patch+json" });
      } catch (error) {
        if (!isRefusal(error, "Conflict") || attempt === MAX_CONFLICTS) throw error;
        now = await api.send({ method: "GET", path });
      }
    }
  }

  private async apply(call: Call, object: KubeObject, manager: string, force: boolean): Promise<KubeObject> {
    const resource = await this.find(object);
    const path = pathOf(resource, namespaceOf(object), nameOf(object));
    const query = { fieldManager: manager, force: String(force), ...dryRun(call) };
    try {
      const contentType = "application/apply-patch+yaml";
      const body = placed(object, resource);
      return await this.connection.api.send({ method: "PATCH", path, query, body, contentType });
    } catch (error) {
      if (!isRefusal(error, "Conflict")) throw error;
      throw new Error(
        `server-side apply field conflict detected, see ${CONFLICTS} for troubleshooting help\n` +
          `The resource managed by field manager "${manager}" had an apply conflict: ${error.message}`,
      );
    }
  }

  /** Asks for the deletion; false when the object or its kind is gone already. */
  async delete(object: KubeObject, propagationPolicy: string): Promise<boolean> {
    try {
      const path = pathOf(await this.find(object), namespaceOf(object), nameOf(object));
      await this.connection.api.send({ method: "DELETE", path, body: { propagationPolicy } });
      return true;
    } catch (error) {
      if (error instanceof NoMatchError || isRefusal(error, "NotFound")) return false;
      throw error;
    }
  }

  /** Objects of a kind in a namespace; empty when they cannot be seen. */
  async list(apiVersion: string, kind: string, namespace: string): Promise<readonly KubeObject[]> {
    try {
      const resource = await this.connection.discovery.find(apiVersion, kind);
      const answer = await this.connection.api.send({ method: "GET", path: pathOf(resource, namespace) });
      const items = answer["items"];
      return Array.isArray(items) ? items.flatMap((item) => (isObject(item) ? [item] : [])) : [];
    } catch (error) {
      if (this.cluster.stopSignal.aborted) throw error;
      return [];
    }
  }
}

/** Without the namespace that was assumed while nobody knew the kind's scope. */
const placed = (object: KubeObject, { namespaced }: ApiResource): KubeObject =>
  namespaced ? object : withoutAt(object, ["metadata", "namespace"]);

const isObject = (value: unknown): value is KubeObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const dryRun = (call: Call): Readonly<Record<string, string>> => (call.preview ? { dryRun: "All" } : {});
