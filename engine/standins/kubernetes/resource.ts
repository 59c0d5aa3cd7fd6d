import { InitFailure } from "../initFailure";
import type { Call, Checked, Diff, Live, StandInResource } from "../provider";
import { hasUnknown, type Properties } from "../values";
import { isRefusal } from "./api";
import { NotReady, Waiting } from "./await/wait";
import { messageOf, type Cluster } from "./cluster";
import { NoMatchError } from "./discovery";
import { forceNewOf } from "./forceNew";
import { isAutonamed, isNamed, withName } from "./naming";
import * as obj from "./object";
import { AlreadyExists, Operations } from "./operations";
import { diffOfPatch, mergePatch } from "./patch";
import { markSecrets } from "./secrets";
import { asServerWrites, normalized, pruned } from "./shape";
import { canonical, isIgnored, managerOf, parseState, placeOf, refuseOtherTypes, stateOf } from "./state";

type KubeObject = obj.KubeObject;

const CLUSTER_GONE =
  "If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the " +
  'PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"';

/**
 * Any object of the Kubernetes API as a resource, by server-side apply. Outputs are the object as it is, beside
 * `__inputs`, which a diff compares with.
 * @see pulumi-kubernetes v4.32.0, provider/pkg/provider/provider.go
 */
export class KubernetesResource implements StandInResource {
  private readonly operations: Operations;
  private readonly waiting: Waiting;

  constructor(private readonly cluster: Cluster) {
    this.operations = new Operations(cluster);
    this.waiting = new Waiting(cluster, this.operations);
  }

  async check(news: Properties, name: string, olds: Properties, call: Call): Promise<Checked> {
    if (this.cluster.connection === undefined && this.cluster.settings.skipUpdateUnreachable) {
      call.warn("Cluster is unreachable but skipUpdateUnreachable flag is set to true, skipping...");
      return { inputs: olds, failures: [] };
    }
    const object = normalized(obj.fromProperties(news));
    refuseOtherTypes(call, object);
    const named = withName(object, normalized(obj.fromProperties(olds)), name, call.seed);
    this.cluster.learn(named);
    return { inputs: markSecrets(await this.withNamespace(named), news), failures: [] };
  }

  private async withNamespace(object: KubeObject): Promise<KubeObject> {
    const { defaultNamespace } = this.cluster;
    const given = obj.at(object, "metadata", "namespace");
    if (defaultNamespace === "" || (given !== undefined && given !== "")) return object;
    if (!(await this.cluster.isNamespaced(object))) return object;
    return obj.withAt(object, ["metadata", "namespace"], defaultNamespace);
  }

  async diff(_oldInputs: Properties, news: Properties, state: Properties, call: Call): Promise<Diff> {
    const { inputs, live } = parseState(state);
    const written = normalized(obj.fromProperties(news));
    const namespaced = await this.cluster.isNamespaced(written);
    const wanted = asServerWrites(canonical(written, namespaced), live);
    const name = obj.isMap(live["metadata"]) ? obj.nameOf(live) : "";
    const had = obj.withAt(canonical(pruned(live, inputs), namespaced), ["metadata", "name"], name);
    const patch = mergePatch(had, wanted);
    const forceNew = forceNewOf(wanted, this.cluster.settings);
    const { changes, replaces } = diffOfPatch(patch, had, wanted, had, forceNew);
    for (const path of [...changes.keys()].filter((text) => isIgnored(text, call))) {
      changes.delete(path);
      replaces.delete(path);
    }
    const samePlace =
      obj.nameOf(wanted) === name && obj.namespaceOf(wanted) === obj.namespaceOf(canonical(live, namespaced));
    const deleteFirst = replaces.size > 0 && isNamed(wanted) && !isAutonamed(wanted) && samePlace;
    return { changes, replaces, deleteFirst, pathsOnly: true };
  }

  async create(call: Call, news: Properties): Promise<{ id: string; outputs: Properties }> {
    this.needCluster(call);
    const object = obj.fromProperties(news);
    if (call.preview && (hasUnknown(object) || !(await this.cluster.hasKind(object)))) return { id: "", outputs: news };
    const manager = managerOf({}, object);
    const made = await this.made(call, object, manager);
    if (made === undefined) return { id: "", outputs: news };
    if (call.preview) return { id: "", outputs: stateOf(news, obj.withoutAt(made, ["status"]), manager) };
    if (obj.isCustomResourceDefinition(object)) this.cluster.learn(made);
    const id = obj.fullName(made);
    try {
      const ready = await this.waiting.untilReady(call, object, made, undefined);
      return { id, outputs: stateOf(news, ready, manager) };
    } catch (error) {
      const message =
        `resource "${call.urn}" was successfully created, but the Kubernetes API server ` +
        `reported that it failed to fully initialize or become live: ${messageOf(error)}`;
      const [live, more] = error instanceof NotReady ? [error.live, error.more] : [made, []];
      throw new InitFailure(message, id, stateOf(news, live, manager), news, more);
    }
  }

  /** Undefined when a preview cannot say what would come out. */
  private async made(call: Call, object: KubeObject, manager: string): Promise<KubeObject | undefined> {
    try {
      return await this.operations.create(call, object, manager);
    } catch (error) {
      const noNamespace = isRefusal(error, "NotFound") && error.about === "namespaces";
      const unforeseeable = error instanceof AlreadyExists || isRefusal(error, "Forbidden") || noNamespace;
      const noDryRun = isRefusal(error, "BadRequest") && error.message.includes("does not support dry run");
      if (call.preview && (unforeseeable || noDryRun)) return undefined;
      if (error instanceof NoMatchError) {
        const type = `${obj.apiVersionOf(object)}/${obj.kindOf(object)}`;
        throw new Error(
          `creation of resource "${call.urn}" with kind ${type} failed because the Kubernetes API server ` +
            `reported that the apiVersion for this resource does not exist. ` +
            `Verify that any required CRDs have been created: ${error.message}`,
        );
      }
      const text = messageOf(error);
      throw new Error(`resource "${call.urn}" was not successfully created by the Kubernetes API server: ${text}`);
    }
  }

  async update(call: Call, state: Properties, news: Properties): Promise<Properties> {
    this.needCluster(call);
    const object = normalized(obj.fromProperties(news));
    if (call.preview && (hasUnknown(object) || !(await this.cluster.hasKind(object)))) return news;
    const { live: before } = parseState(state);
    const manager = managerOf(state, object);
    try {
      const written = await this.operations.update(call, object, manager);
      const ready = call.preview ? written : await this.waiting.untilReady(call, object, written, before);
      return stateOf(news, ready, manager);
    } catch (error) {
      if (call.preview && isRefusal(error, "Forbidden")) return news;
      if (error instanceof NoMatchError) {
        throw new Error(
          `update of resource "${call.urn}" failed because the Kubernetes API server reported that the apiVersion ` +
            `for this resource does not exist. Verify that any required CRDs have been created: ${error.message}`,
        );
      }
      const live = await this.operations.get(before).catch((lost: unknown) => {
        const text = `update of resource "${call.urn}" failed: ${messageOf(error)}\nunable to get cluster state: `;
        throw new Error(text + messageOf(lost));
      });
      const id = obj.fullName(live);
      const message =
        `the Kubernetes API server reported that "${id}" failed to fully initialize ` +
        `or become live: ${messageOf(error)}`;
      const more = error instanceof NotReady ? error.more : [];
      throw new InitFailure(message, id, stateOf(news, live, manager), news, more);
    }
  }

  async delete(call: Call, state: Properties): Promise<void> {
    if (this.cluster.connection === undefined) {
      call.warn(`configured Kubernetes cluster is unreachable: ${this.cluster.reason}`);
      if (this.cluster.settings.deleteUnreachable) return;
      throw new Error(`configured Kubernetes cluster is unreachable. ${CLUSTER_GONE}`);
    }
    const { inputs, live } = parseState(state);
    const policy = obj.annotationOf(inputs, "pulumi.com/deletionPropagationPolicy").toLowerCase();
    const policies: Readonly<Record<string, string>> = { orphan: "Orphan", background: "Background" };
    const asked = await this.operations.delete(live, policies[policy] ?? "Foreground");
    if (asked) await this.waiting.untilGone(call, inputs, live);
  }

  async read(call: Call, state: Properties, oldInputs: Properties): Promise<Live | undefined> {
    const unreachable = this.readUnreachable(call, state, oldInputs);
    if (unreachable !== "reachable") return unreachable;
    const known = normalized(obj.fromProperties(oldInputs));
    const isImport = obj.kindOf(known) === "";
    const place = isImport ? placeOf(call) : { ...known, metadata: { ...obj.splitName(call.id) } };
    let live: KubeObject;
    try {
      live = await this.operations.get(place);
    } catch (error) {
      if (error instanceof NoMatchError || isRefusal(error, "NotFound")) return undefined;
      throw error;
    }
    const inputs = isImport ? normalized(obj.withoutAt(live, ["status"])) : pruned(live, known);
    const manager = managerOf(state, inputs);
    const marked = markSecrets(inputs, oldInputs);
    const found = { inputs: marked, outputs: stateOf(marked, live, manager) };
    if (isImport) return found;
    try {
      await this.waiting.lookOnce(known, live);
    } catch (error) {
      if (!(error instanceof NotReady)) throw error;
      throw new InitFailure(error.message, call.id, found.outputs, found.inputs, error.more);
    }
    return found;
  }

  private readUnreachable(call: Call, state: Properties, inputs: Properties): Live | undefined | "reachable" {
    if (this.cluster.connection !== undefined) return "reachable";
    call.warn(`configured Kubernetes cluster is unreachable: ${this.cluster.reason}`);
    if (this.cluster.settings.deleteUnreachable) return undefined;
    if (this.cluster.settings.skipUpdateUnreachable) return { inputs, outputs: state };
    throw new Error(`failed to read resource state due to unreachable cluster. ${CLUSTER_GONE}`);
  }

  private needCluster(call: Call): void {
    if (call.preview || this.cluster.connection !== undefined) return;
    throw new Error(`configured Kubernetes cluster is unreachable: ${this.cluster.reason}`);
  }
}
