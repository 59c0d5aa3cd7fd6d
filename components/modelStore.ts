import type { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Hub } from "../plan/stages/modelSource";
import type { ModelStorePlan, StoredModelPlan } from "../plan/stages/modelStore";
import type { Manifest } from "../render/manifest";
import {
  configManifest,
  credentialsManifest,
  downloadJob,
  programManifest,
  volumeManifests,
} from "../render/stages/modelStore";
import { clusterScript } from "./kubernetes/clusterScript";
import { inNamespace, kubernetesObject } from "./kubernetes/object";

/** What opens each hub: the files that the downloader reads, by name. Secret. */
export type HubCredentials = Readonly<Partial<Record<Hub, Readonly<Record<string, pulumi.Input<string>>>>>>;

/** Arguments of `ModelStore`. */
export interface ModelStoreArgs {
  readonly store: ModelStorePlan;
  /** The downloader, bundled to one file of less than 1 MB (`npm run build:download`). */
  readonly program: string;
  /** The serving namespace, once it is closed. */
  readonly namespace: pulumi.Input<string>;
  /** @default {} for models that anybody may read */
  readonly credentials?: HubCredentials;
  /** Opens the cluster's API, to tell how far the downloads are. Secret. */
  readonly kubeconfig: pulumi.Input<string>;
}

/**
 * One volume with every model on it, each downloaded once, checked and marked ready: stage 6 of the bring-up. The volume
 * refuses to be deleted, as it took hours to fill, until the plan says `protect: false`.
 */
export class ModelStore extends pulumi.ComponentResource {
  static readonly type = "tokenrack:index:ModelStore";

  /** Served names of the models that are there, as a JSON list; resolves once all are. */
  readonly ready: pulumi.Output<string>;
  /** Name of the claim. */
  readonly claim: pulumi.Output<string>;

  constructor(name: string, args: ModelStoreArgs, opts?: pulumi.ComponentResourceOptions) {
    super(ModelStore.type, name, {}, opts);
    const { store, program, credentials = {} } = args;
    const volume = volumeManifests(store).map((manifest) => this.volume(name, manifest, args));
    const object = (part: string, manifest: Manifest, fields: Readonly<Record<string, pulumi.Input<unknown>>> = {}) =>
      kubernetesObject(
        `${name}-${part}`,
        manifest,
        { parent: this },
        { ...inNamespace(manifest, args.namespace), ...fields },
      );
    const shared = [
      object("program", programManifest(store, program)),
      ...Object.entries(credentials).map(([hub, files]) =>
        object(`credentials-${hub}`, credentialsManifest(store, hub as Hub), { stringData: pulumi.secret(files) }),
      ),
    ];
    const jobs = store.models.map((model) => {
      const withCredentials = credentials[model.hub] !== undefined;
      const config = object(`${model.job}-config`, configManifest(store, model, withCredentials));
      return this.download(name, model, [...volume, ...shared, config], args);
    });
    const wait = this.wait(name, args, jobs);
    this.ready = wait.stdout;
    this.claim = wait.stdout.apply(() => store.volume.claim);
    this.registerOutputs({ ready: this.ready, claim: this.claim });
  }

  private volume(name: string, manifest: Manifest, { store, namespace }: ModelStoreArgs): pulumi.CustomResource {
    const inside = manifest.metadata.namespace === undefined ? {} : inNamespace(manifest, namespace);
    const part = manifest.kind === "PersistentVolume" ? "node-volume" : "volume";
    return kubernetesObject(`${name}-${part}`, manifest, { parent: this, protect: store.protect }, inside);
  }

  private download(
    name: string,
    model: StoredModelPlan,
    dependsOn: readonly pulumi.Resource[],
    { store, namespace, credentials = {} }: ModelStoreArgs,
  ): pulumi.CustomResource {
    const manifest = downloadJob(store, model, credentials[model.hub] !== undefined);
    return kubernetesObject(
      `${name}-${model.job}`,
      manifest,
      // A Job's pods cannot be changed, and its name says which download it is.
      { parent: this, dependsOn: [...dependsOn], deleteBeforeReplace: true },
      inNamespace(manifest, namespace),
    );
  }

  private wait(
    name: string,
    { store, kubeconfig, namespace }: ModelStoreArgs,
    jobs: readonly pulumi.CustomResource[],
  ): local.Command {
    const lines = store.models.map(({ job, name: model }) => `${job} ${model}`).join("\n");
    const settings = { jobs: lines, namespace: store.namespace, wait_seconds: String(store.deadlineSeconds) };
    // Another Job is waited for anew.
    const triggers = jobs.map(({ id }) => id);
    const time = `${store.deadlineSeconds + 600}s`;
    return clusterScript(
      `${name}-ready`,
      { script: "modelsWait", stage: "wait", settings, kubeconfig, after: namespace, triggers },
      { parent: this, dependsOn: [...jobs], customTimeouts: { create: time, update: time } },
    );
  }
}
