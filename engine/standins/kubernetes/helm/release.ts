import { asksNobody } from "../../../askNobody";
import { withHeartbeat } from "../../../progress";
import { parseAllDocuments } from "yaml";
import { InitFailure } from "../../initFailure";
import type { Call, Checked, Diff, Live, StandInResource } from "../../provider";
import { asSecret, hasUnknown, reveal, UNKNOWN, type Properties } from "../../values";
import { messageOf, type Cluster } from "../cluster";
import { digits } from "../naming";
import { isMap, joinName, splitName, textAt } from "../object";
import { diffOfPatch, threeWayPatch } from "../patch";
import { markSecrets } from "../secrets";
import { chartArgs, installArgs, timeoutArgs, upgradeArgs } from "./flags";
import { completed, merged, parseRelease, type Release } from "./inputs";
import { HelmProgram, type HelmRelease } from "./program";

/**
 * `kubernetes:helm.sh/v3:Release` through the real `helm`.
 * @see pulumi-kubernetes v4.32.0, provider/pkg/provider/helm_release.go
 */
export class ReleaseResource implements StandInResource {
  private readonly helm: HelmProgram;

  constructor(private readonly cluster: Cluster) {
    this.helm = new HelmProgram(cluster);
  }

  async check(news: Properties, name: string, olds: Properties, call: Call): Promise<Checked> {
    const autoname = textAt(olds, "name") || `${name}-${digits(call.seed, name)}`;
    const inputs = completed(news, autoname, this.cluster.defaultNamespace);
    if (hasUnknown(inputs)) return { inputs: markSecrets(inputs, news), failures: [] };
    const release = parseRelease(inputs);
    if (release.repositoryOpts !== undefined && release.repositoryOpts.password !== "") {
      const reason = "this stand-in does not implement it; it needs the official kubernetes plugin";
      return { inputs: news, failures: [{ property: "repositoryOpts.password", reason }] };
    }
    if (asksNobody()) {
      // Where nobody names a version, it is the one that was found the last time.
      const version = textAt(inputs, "version") || textAt(olds, "version");
      return { inputs: markSecrets({ ...inputs, version }, news), failures: [] };
    }
    try {
      const shown = await this.helm.run(["show", "chart", ...chartArgs(release)], { namespace: "" });
      const version = parseAllDocuments(shown).at(0)?.get("version");
      const known = { ...inputs, version: typeof version === "string" ? version : release.version };
      return { inputs: markSecrets(known, news), failures: [] };
    } catch (error) {
      const reason = `${messageOf(error)}; check the chart name and repository configuration.`;
      return { inputs: markSecrets(inputs, news), failures: [{ property: "chart", reason }] };
    }
  }

  diff(_oldInputs: Properties, news: Properties, state: Properties, call: Call): Diff {
    const { inputs, outputs } = parseState(state);
    const plain = reveal(news);
    const wanted = isMap(plain) ? plain : {};
    const asked = call.ignoreChanges.includes("version") ? { ...wanted, version: outputs["version"] ?? "" } : wanted;
    const patch = threeWayPatch(inputs, asked, outputs);
    return diffOfPatch(patch, outputs, asked, inputs, [".name", ".namespace"]);
  }

  async create(call: Call, news: Properties): Promise<{ id: string; outputs: Properties }> {
    if (call.preview) return { id: "", outputs: foreseen(news) };
    this.needCluster("create");
    const release = parseRelease(news);
    const id = joinName(release.namespace, release.name);
    const before = await this.find(release);
    try {
      await this.work(call, `helm install ${id}`, ["install", release.name, ...installArgs(release)], release);
    } catch (error) {
      // A release that was there before is not ours: helm refused it, and a later delete must not touch it.
      const made = before === undefined ? await this.find(release) : undefined;
      if (made === undefined) throw error;
      const message =
        `Helm release "${id}" was created, but failed to initialize completely. ` +
        `Use Helm CLI to investigate: ${unavailable(release, error)}`;
      throw new InitFailure(message, id, stateOf(news, made), news);
    }
    return { id, outputs: stateOf(news, await this.existing(release)) };
  }

  async update(call: Call, state: Properties, news: Properties): Promise<Properties> {
    if (call.preview) return foreseen(news);
    this.needCluster("update");
    const release = parseRelease(news);
    const id = joinName(release.namespace, release.name);
    const before = textAt(reveal(state), "namespace");
    try {
      if (release.lint)
        await this.helm.run(["lint", release.chart, "--values", "-"], input({ ...release, namespace: "" }));
      const place = { ...release, namespace: before || release.namespace };
      await this.work(call, `helm upgrade ${id}`, ["upgrade", release.name, ...upgradeArgs(release)], place);
    } catch (error) {
      const live = await this.find(release);
      if (live === undefined) throw error;
      const message =
        `Helm release "${id}" failed to initialize completely. ` +
        `Use Helm CLI to investigate: ${unavailable(release, error)}`;
      throw new InitFailure(message, id, stateOf(news, live), news);
    }
    return stateOf(news, await this.existing(release));
  }

  async delete(call: Call, state: Properties): Promise<void> {
    const { connection, reason } = this.cluster;
    if (connection === undefined)
      throw new Error(`can't delete Helm Release with unreachable cluster. Reason: "${reason}"`);
    const release = parseRelease(parseState(state).outputs);
    const waits = release.atomic || !release.skipAwait;
    const args = ["uninstall", release.name, ...(waits ? ["--wait", ...timeoutArgs(release)] : [])];
    await this.work(call, `helm uninstall ${joinName(release.namespace, release.name)}`, args, release);
  }

  async read(call: Call, state: Properties, oldInputs: Properties): Promise<Live | undefined> {
    if (this.cluster.connection === undefined) {
      call.warn(`configured Kubernetes cluster is unreachable: ${this.cluster.reason}`);
      throw new Error("failed to read resource state due to unreachable cluster");
    }
    const { name, namespace } = splitName(call.id);
    const live = await this.helm.find(name, namespace);
    if (live === undefined) return undefined;
    const known = Object.keys(state).length > 0;
    const imported = { chart: live.chart, version: live.version, values: live.config };
    const inputs = known ? oldInputs : completed(imported, live.name, live.namespace);
    return { inputs, outputs: stateOf(inputs, live) };
  }

  private find(release: Release): Promise<HelmRelease | undefined> {
    return this.helm.find(release.name, release.namespace);
  }

  private async existing(release: Release): Promise<HelmRelease> {
    const found = await this.find(release);
    if (found === undefined) throw new Error(`the Helm release ${release.name} is gone right after it was installed`);
    return found;
  }

  private async work(call: Call, label: string, args: readonly string[], release: Release): Promise<void> {
    await withHeartbeat(call.log, label, () => this.helm.run(args, input(release)));
  }

  private needCluster(verb: string): void {
    if (this.cluster.connection !== undefined) return;
    throw new Error(`can't ${verb} Helm Release with unreachable cluster: ${this.cluster.reason}`);
  }
}

const input = (release: Release): { namespace: string; stdin: string } => ({
  namespace: release.namespace,
  stdin: JSON.stringify(release.values),
});

const unavailable = (release: Release, error: unknown): string =>
  "failed to become available within allocated timeout. " +
  `Error: Helm Release ${release.namespace}/${release.name}: ${messageOf(error)}`;

/** Outputs of a preview: what helm will say is not known yet. */
const foreseen = (news: Properties): Properties => ({
  ...news,
  __inputs: asSecret(news),
  resourceNames: UNKNOWN,
  status: UNKNOWN,
});

function stateOf(inputs: Properties, live: HelmRelease): Properties {
  const plain = reveal(inputs["values"] ?? {});
  const { chart, name, namespace, revision, status, version, appVersion } = live;
  const outputs: Properties = {
    ...inputs,
    values: merged(isMap(plain) ? plain : {}, live.config),
    version,
    resourceNames: resourceNames(live.manifest),
    status: { appVersion, chart, name, namespace, revision, status, version },
  };
  return { ...markSecrets(outputs, inputs), __inputs: asSecret(inputs) };
}

function parseState(state: Properties): { readonly inputs: Properties; readonly outputs: Properties } {
  const plain = reveal(state);
  const all = isMap(plain) ? plain : {};
  const inputs = all["__inputs"];
  const outputs = Object.fromEntries(Object.entries(all).filter(([key]) => key !== "__inputs"));
  return { inputs: isMap(inputs) ? inputs : {}, outputs };
}

/** Names of the objects of a manifest by kind and version: { "Deployment.apps/apps/v1": ["ns/name"] }. */
function resourceNames(manifest: string): Properties {
  const found = new Map<string, Set<string>>();
  for (const document of parseAllDocuments(manifest)) {
    const object: unknown = document.toJS();
    if (typeof object !== "object" || object === null) continue;
    const { apiVersion, kind, metadata } = object as { apiVersion?: string; kind?: string; metadata?: Properties };
    if (apiVersion === undefined || kind === undefined) continue;
    const [group, version] = apiVersion.split("/");
    const key = `${version === undefined ? kind : `${kind}.${group}`}/${apiVersion}`;
    const name = joinName(textAt(metadata, "namespace"), textAt(metadata, "name"));
    found.set(key, (found.get(key) ?? new Set()).add(name));
  }
  return Object.fromEntries([...found].map(([key, names]) => [key, [...names].sort()]));
}
