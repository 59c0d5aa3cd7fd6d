/**
 * The stages that follow a cluster as one component with plain arguments, for programs in every language. Its interfaces
 * are read by Pulumi's component analyzer, which takes no unions, no readonly arrays and no types of zod.
 */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { GpuStack } from "../components/gpuStack";
import { Gateway } from "../components/gateway";
import { KubeRay } from "../components/kubeRay";
import { ModelStore } from "../components/modelStore";
import { Monitoring } from "../components/monitoring";
import { ServedModel } from "../components/servedModel";
import { ServingNamespace } from "../components/servingNamespace";
import type { ExistingPlan } from "../plan/plan";
import { bundle } from "../program/bundles";
import { withoutTrace } from "./planModels";
import { planServed } from "./servedKeys";

/** A pool of nodes of the cluster. */
export interface ServedPool {
  /** Name of the pool. */
  name: string;
  /** Nodes (1 to 10000). */
  count: number;
  /** Card of the GPUs, as the catalogue names it: "l40s", "a100-80g". Default: a pool without GPUs. */
  card?: string;
  /** GPUs of one node (1 to 16). Default: 1 where there is a card. */
  gpusPerNode?: number;
  /** What joins the GPUs of a node: "none", "pairs" or "switch". Default: "switch" for SXM cards, else "none". */
  nvlink?: string;
  /** Labels that the pool's nodes have and no others. */
  labels: { [name: string]: string };
}

/** A model to serve. */
export interface ServedModelEntry {
  /** Hugging Face id. */
  source: string;
  /** Revision on the hub, best a commit. */
  revision: string;
  /** Name that clients use. Default: the id. */
  name?: string;
  /** Longest context, prompt and answer together, in tokens (16 to 10485760). Default: the largest useful one that fits. */
  contextTokens?: number;
  /** Requests answered at the same time by all replicas together (1 to 1024). Default: the plan's choice. */
  concurrency?: number;
  /** Copies of the model. Default: the plan's choice. */
  replicas?: number;
}

/** What joins the nodes. */
export interface ServedNetwork {
  /** Speed of one node's link in gigabits a second (0.1 to 6400). */
  gbitPerSecond: number;
  /** RDMA that NCCL can use. Default: false. */
  rdma?: boolean;
}

/** Where clients reach the API. */
export interface ServedIngress {
  /** Name of the API. */
  host: string;
  /** ClusterIssuer of cert-manager that its certificate is from. */
  tlsIssuer: string;
  /** "deckhouse" or "ingressNginx". Default: as in a stack file. */
  kind?: string;
  /** Ingress class. Default: as in a stack file. */
  class?: string;
}

/** Arguments of `ServedCluster`. All but the secrets decide what there is: they have to be known in the preview. */
export interface ServedClusterArgs {
  /** Opens the cluster's API. Secret. */
  kubeconfig: pulumi.Input<string>;
  /** Ray's auth token. Secret. */
  rayToken: pulumi.Input<string>;
  /** Ed25519 private key that signs the gateway's tokens, PKCS8 PEM. Secret. */
  signingKey: pulumi.Input<string>;
  /** The key before, whose tokens still hold. Secret. Default: none. */
  previousSigningKey?: pulumi.Input<string>;
  /** Users of the gateway as JSON text. Secret. */
  users: pulumi.Input<string>;
  /** Password of the gateway's first user. Secret. */
  firstUserPassword: pulumi.Input<string>;
  /** Token of Hugging Face, for models that want one. Secret. Default: none. */
  hfToken?: pulumi.Input<string>;
  /** Node pools that the models may use. */
  pools: ServedPool[];
  /** What is served: one or more, each under a name of its own. */
  models: ServedModelEntry[];
  /** What joins the nodes. */
  network: ServedNetwork;
  /** Where clients reach the API. */
  ingress: ServedIngress;
  /** Further public keys of a stack file of kind `existing` as YAML, without those that are arguments here: "gpu: { mode: preinstalled }". Default: none. */
  settings?: string;
}

/**
 * Models behind the gateway on a cluster with GPUs that is there already: plans as a stack file of kind `existing` does, and
 * makes stages 4 to 8 of the bring-up, and monitoring where `settings` asks for it. Needs `helm` and `kubectl` on this machine.
 */
export class ServedCluster extends pulumi.ComponentResource {
  static readonly type = "tokenrack:index:ServedCluster";

  /** Base URL of the API; known once a token came through the gateway. */
  readonly endpoint: pulumi.Output<string>;
  /** GPUs of each pool as JSON; known once all are allocatable. */
  readonly gpus: pulumi.Output<string>;
  /** Seconds to the first token by served model name as JSON; known once each has generated one. */
  readonly firstTokens: pulumi.Output<string>;

  /** @throws pulumi.RunError with every fault of the plain arguments, before anything is registered */
  constructor(name: string, args: ServedClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    const plan = withoutTrace(() => planServed(pulumi.getStack(), args));
    super(ServedCluster.type, name, {}, opts);
    const { gpus, models } = serve(name, plan, args, this);
    this.gpus = gpus.ready;
    this.firstTokens = models.model.ready;
    this.endpoint = models.gateway.endpoint;
    this.registerOutputs({ endpoint: this.endpoint, gpus: this.gpus, firstTokens: this.firstTokens });
  }
}

interface Served {
  readonly gpus: GpuStack;
  readonly models: { readonly model: ServedModel; readonly gateway: Gateway };
}

/** Stages 4 to 8. */
function serve(name: string, { stages }: ExistingPlan, args: ServedClusterArgs, parent: pulumi.Resource): Served {
  const { arrows, gpuStack, kubeRay, images } = stages;
  const kubeconfig = pulumi.secret(args.kubeconfig);
  // Pods follow a changed key or user as they run: nothing is to be replaced for it.
  const following = { enableConfigMapMutable: true, enableSecretMutable: true };
  const provider = new k8s.Provider(`${name}-cluster`, { kubeconfig, ...following }, { parent });
  const opts: pulumi.ComponentResourceOptions = { parent, provider };
  const gpus = new GpuStack(`${name}-gpus`, { gpuStack, image: images.node, kubeconfig }, opts);
  const operator = new KubeRay(`${name}-kuberay`, { kubeRay, arrows, kubeconfig }, opts);
  const models = serveModels(name, stages, { args, kubeconfig, gpus, operator }, opts);
  if (stages.monitoring !== undefined) new Monitoring(`${name}-monitoring`, { monitoring: stages.monitoring }, opts);
  return { gpus, models };
}

interface Before {
  readonly args: ServedClusterArgs;
  readonly kubeconfig: pulumi.Output<string>;
  readonly gpus: GpuStack;
  readonly operator: KubeRay;
}

/** Stages 6 to 8. */
function serveModels(
  name: string,
  { arrows, modelStore, served, gateway }: ExistingPlan["stages"],
  { args, kubeconfig, gpus, operator }: Before,
  opts: pulumi.ComponentResourceOptions,
): Served["models"] {
  const { namespace } = new ServingNamespace(`${name}-serving`, { namespace: modelStore.namespace, arrows }, opts);
  const credentials = args.hfToken === undefined ? {} : { huggingface: { token: args.hfToken } };
  const filling = { store: modelStore, program: bundle("download"), namespace, credentials, kubeconfig };
  const store = new ModelStore(`${name}-models`, filling, opts);
  const model = new ServedModel(
    `${name}-served`,
    {
      served,
      namespace,
      kubeconfig,
      modelsReady: pulumi.all([store.ready, gpus.ready]),
      kubeRayReady: operator.ready,
      rayToken: args.rayToken,
    },
    opts,
  );
  const { previousSigningKey: previous } = args;
  const keys = {
    signingKey: args.signingKey,
    ...(previous === undefined ? {} : { previousSigningKey: previous }),
    users: args.users,
    firstUserPassword: args.firstUserPassword,
  };
  const door = { gateway, program: bundle("gateway"), namespace, served: model.endpoint, kubeconfig, ...keys };
  return { model, gateway: new Gateway(`${name}-gateway`, door, opts) };
}
