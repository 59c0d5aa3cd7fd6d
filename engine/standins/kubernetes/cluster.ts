import { asksNobody } from "../../askNobody";
import { Api, ConnectionError, isRefusal, sleep } from "./api";
import { Discovery, builtInScope } from "./discovery";
import { accessOf, ambientKubeconfig, parseKubeconfig, type Kubeconfig } from "./kubeconfig";
import { apiVersionOf, groupOf, isCustomResourceDefinition, kindOf, textAt, type KubeObject } from "./object";
import type { Settings } from "./settings";

/** A cluster that answers. */
export interface Connection {
  readonly api: Api;
  readonly discovery: Discovery;
}

const SET_UP =
  "unable to load Kubernetes client configuration from kubeconfig file. Make sure you have: \n\n" +
  " \t • set up the provider as per https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/ \n\n ";

/** The cluster that the provider was configured for, or why there is none. */
export class Cluster {
  private readonly stopped = new AbortController();
  /** Scope of the custom resources that the program itself defines, by "group/kind". */
  private readonly scopes = new Map<string, boolean>();
  private link: Connection | string = "the provider is not configured";
  private given: Settings | undefined;
  private config: Kubeconfig | undefined;
  private namespace = "";

  get settings(): Settings {
    if (this.given === undefined) throw new Error("the provider is not configured");
    return this.given;
  }

  /** For programs that reach the cluster by themselves. */
  get kubeconfig(): Kubeconfig | undefined {
    return this.config;
  }

  /** For objects that name none; empty where no kubeconfig could be read. */
  get defaultNamespace(): string {
    return this.namespace;
  }

  get stopSignal(): AbortSignal {
    return this.stopped.signal;
  }

  /** Undefined when the cluster cannot be used; `reason` says why. */
  get connection(): Connection | undefined {
    return typeof this.link === "string" ? undefined : this.link;
  }

  /** Why the cluster cannot be used, in the official plugin's words. */
  get reason(): string {
    return typeof this.link === "string" ? this.link : "";
  }

  /** Never fails: a cluster that cannot be used is a fault only of what needs it. */
  async configure(settings: Settings): Promise<void> {
    this.given = settings;
    this.namespace = settings.namespace ?? "";
    this.link = await this.connect(settings);
  }

  cancel(): void {
    this.stopped.abort(new Error("context canceled"));
  }

  sleep(ms: number): Promise<void> {
    return sleep(ms, this.stopped.signal);
  }

  private async connect(settings: Settings): Promise<Connection | string> {
    try {
      this.config = settings.kubeconfig === undefined ? ambientKubeconfig() : parseKubeconfig(settings.kubeconfig);
    } catch (error) {
      return `failed to parse kubeconfig data in \`kubernetes:config:kubeconfig\`- ${messageOf(error)}`;
    }
    let api: Api;
    try {
      const access = accessOf(this.config, settings);
      this.namespace = settings.namespace ?? access.namespace;
      api = new Api(access, this.stopped.signal);
    } catch (error) {
      return `${SET_UP}${messageOf(error)}`;
    }
    if (asksNobody()) return "a preview asks nobody";
    try {
      // The official plugin loads all of /openapi/v2; this index needs the same rights and is small.
      await api.send({ method: "GET", path: "/openapi/v3" });
      return { api, discovery: new Discovery(api) };
    } catch (error) {
      const text = messageOf(error).replace("/openapi/v3", "/openapi/v2?timeout=32s");
      return `unable to load schema information from the API server: ${text}`;
    }
  }

  /** Remembers the scope of what a definition of the program defines, before the server has it. */
  learn(object: KubeObject): void {
    if (!isCustomResourceDefinition(object)) return;
    const key = `${textAt(object, "spec", "group")}/${textAt(object, "spec", "names", "kind")}`;
    this.scopes.set(key, textAt(object, "spec", "scope") === "Namespaced");
  }

  /** A custom resource whose definition nobody has yet is taken to be in a namespace. */
  async isNamespaced(object: KubeObject): Promise<boolean> {
    const known = builtInScope(object) ?? this.scopes.get(`${groupOf(object)}/${kindOf(object)}`);
    if (known !== undefined) return known;
    try {
      const found = await this.connection?.discovery.find(apiVersionOf(object), kindOf(object));
      return found?.namespaced ?? true;
    } catch {
      return true;
    }
  }

  /** Whether the server has the object's kind; false also when there is no server. */
  async hasKind(object: KubeObject): Promise<boolean> {
    try {
      return (await this.connection?.discovery.has(object)) ?? false;
    } catch (error) {
      if (error instanceof ConnectionError || isRefusal(error, "Forbidden")) return false;
      throw error;
    }
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
