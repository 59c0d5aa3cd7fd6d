import { createHmac } from "node:crypto";
import type { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { ServedPlan } from "../plan/stages/served";
import { waitSettings, warming } from "../render/stages/served/check";
import { clusterPaths, rayServiceManifest, tokenSecretManifest } from "../render/stages/served/rayService";
import { storeManifests } from "../render/stages/served/store";
import { clusterScript } from "./kubernetes/clusterScript";
import { inNamespace, kubernetesObject } from "./kubernetes/object";

/** Arguments of `ServedModel`. */
export interface ServedModelArgs {
  readonly served: ServedPlan;
  /** The serving namespace, once it is closed. */
  readonly namespace: pulumi.Input<string>;
  /** Opens the cluster's API, for the scripts that follow the start. Secret. */
  readonly kubeconfig: pulumi.Input<string>;
  /** Resolves once every model lies whole on the volume. */
  readonly modelsReady: pulumi.Input<unknown>;
  /** Resolves once KubeRay's operator runs. */
  readonly kubeRayReady: pulumi.Input<unknown>;
  /** Ray's token. Pods read it when they start: after a change of it, replace the RayService. Secret. */
  readonly rayToken: pulumi.Input<string>;
}

/** The store's password, out of Ray's token: who has that one may ask Ray itself. */
const storePassword = (token: string): string =>
  createHmac("sha256", token).update("tokenrack ray-store").digest("hex");

/** How long a delete may take: pods end the answers that run. */
const deleteTimeout = "15m";

/**
 * The models of a stack as one RayService: stage 7 of the bring-up. Ready means that each model has generated a token.
 * Where a changed Ray cluster finds no free GPUs, the RayService is deleted before it is made again; a preview shows that as
 * a replacement. A changed Serve config is an update in place, and so is a model after the others: its pods join the cluster.
 */
export class ServedModel extends pulumi.ComponentResource {
  static readonly type = "tokenrack:index:ServedModel";

  /** Address of Serve in the cluster, "http://llm-serve-svc.tokenrack.svc:8000"; resolves once every model has answered. */
  readonly endpoint: pulumi.Output<string>;
  /** Route prefix by served model name as JSON; resolves with `endpoint`. */
  readonly routes: pulumi.Output<string>;
  /** Seconds to the first token by served model name as JSON; resolves with `endpoint`. */
  readonly ready: pulumi.Output<string>;
  /** Seconds without an answer that a change of the Ray cluster costs; 0 where it comes up beside the old one. */
  readonly downtimeSeconds: pulumi.Output<number>;

  constructor(name: string, args: ServedModelArgs, opts?: pulumi.ComponentResourceOptions) {
    super(ServedModel.type, name, {}, opts);
    const { served } = args;
    const before = [this.token(name, args), ...this.keepState(name, args)];
    const service = this.serve(name, args, before, this.warm(name, args));
    const { kubeconfig } = args;
    const wait = clusterScript(
      `${name}-ready`,
      { script: "servingWait", stage: "wait", settings: waitSettings(served), kubeconfig },
      { parent: this, dependsOn: [service] },
    );
    const found = wait.stdout.apply((text) => JSON.parse(text) as { endpoint: string; tokens: object });
    this.endpoint = found.apply(({ endpoint }) => endpoint);
    this.ready = found.apply(({ tokens }) => JSON.stringify(tokens));
    this.routes = found.apply(() => JSON.stringify(served.routes));
    this.downtimeSeconds = pulumi.output(served.upgrade.clusterSeconds);
    const { endpoint, routes, ready, downtimeSeconds } = this;
    this.registerOutputs({ endpoint, routes, ready, downtimeSeconds });
  }

  private token(name: string, { served, namespace, rayToken }: ServedModelArgs): pulumi.Resource {
    const manifest = tokenSecretManifest(served);
    const late = { ...inNamespace(manifest, namespace), stringData: pulumi.secret({ auth_token: rayToken }) };
    return kubernetesObject(`${name}-token`, manifest, { parent: this }, late);
  }

  private keepState(name: string, { served, namespace, rayToken }: ServedModelArgs): readonly pulumi.Resource[] {
    const manifests = storeManifests(served);
    if (manifests === undefined) return [];
    const data = pulumi.secret({ password: pulumi.output(rayToken).apply(storePassword) });
    const late = { ...inNamespace(manifests.secret, namespace), stringData: data };
    const secret = kubernetesObject(`${name}-store`, manifests.secret, { parent: this }, late);
    const others = manifests.others.map((manifest) =>
      kubernetesObject(
        `${name}-store-${manifest.kind.toLowerCase()}`,
        manifest,
        { parent: this, dependsOn: [secret] },
        inNamespace(manifest, namespace),
      ),
    );
    return [secret, ...others];
  }

  private warm(name: string, { served, kubeconfig, modelsReady: after }: ServedModelArgs): local.Command | undefined {
    const given = warming(served);
    if (given === undefined) return undefined;
    const warm = { script: "servingWarm", stage: "warm", ...given, kubeconfig, after } as const;
    return clusterScript(`${name}-warm`, warm, { parent: this });
  }

  private serve(
    name: string,
    { served, namespace, modelsReady, kubeRayReady }: ServedModelArgs,
    before: readonly pulumi.Resource[],
    warm: local.Command | undefined,
  ): pulumi.CustomResource {
    const manifest = rayServiceManifest(served);
    // An annotation that says nothing else makes it wait for both.
    const after = pulumi.all([modelsReady, kubeRayReady]).apply(() => "models");
    // KubeRay's operator writes the worker groups back when it adds its finalizer, and owns them from then on: a changed model
    // would be a conflict.
    const force = { "pulumi.com/patchForce": "true" };
    const annotations = { ...manifest.metadata.annotations, ...force, "tokenrack-after": after };
    const inPlace = served.upgrade.kind === "inPlace";
    return kubernetesObject(
      `${name}-service`,
      manifest,
      {
        parent: this,
        dependsOn: [...before, ...(warm === undefined ? [] : [warm])],
        customTimeouts: { delete: deleteTimeout },
        ...(inPlace ? { deleteBeforeReplace: true, replaceOnChanges: [...clusterPaths(served)] } : {}),
      },
      { metadata: { ...manifest.metadata, namespace, annotations } },
    );
  }
}
