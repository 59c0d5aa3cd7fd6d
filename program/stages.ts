/** What follows a cluster, whoever made it: stages 4 to 10 of the bring-up. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import {
  ChatUi,
  Gateway,
  GpuStack,
  KubeRay,
  ModelStore,
  Monitoring,
  ServedModel,
  ServingNamespace,
  type ChatUiArgs,
  type GatewayArgs,
  type HubCredentials,
  type PullSecret,
} from "../components";
import type { ClusterOutputs } from "../components/clusterOutputs";
import type { ClusterSecrets } from "../config/load";
import type { GatewayPlan } from "../plan/stages/gateway";
import type { ModelStorePlan } from "../plan/stages/modelStore";
import type { ClusterPlan } from "../plan/types";
import { bundle } from "./bundles";

/** What the stages tell. */
export interface StageOutputs {
  /** Base URL of the API; known once a token came through the gateway. */
  readonly endpoint: pulumi.Output<string>;
  /** Where people talk to the models; known once the page runs. */
  readonly chat?: pulumi.Output<string>;
  /** GPUs of each pool as JSON. */
  readonly gpus: pulumi.Output<string>;
  /** Seconds to the first token by served model name as JSON; known once each has generated one. */
  readonly firstTokens: pulumi.Output<string>;
}

/** What opens the hubs, by the names of the files that the downloader reads. */
function hubCredentials(secrets: ClusterSecrets): HubCredentials {
  const { hfToken, modelScopeToken, s3AccessKeyId, s3SecretAccessKey } = secrets;
  return {
    ...(hfToken === undefined ? {} : { huggingface: { token: hfToken } }),
    ...(modelScopeToken === undefined ? {} : { modelscope: { token: modelScopeToken } }),
    ...(s3AccessKeyId === undefined || s3SecretAccessKey === undefined
      ? {}
      : { s3: { accessKeyId: s3AccessKeyId, secretAccessKey: s3SecretAccessKey } }),
  };
}

/** What is made in each namespace for its pods to pull their images by. */
function pullSecretOf(
  { pullSecret: name }: Pick<ModelStorePlan, "pullSecret">,
  { registryLogins: logins }: ClusterSecrets,
): { readonly pullSecret?: PullSecret } {
  return name === undefined || logins === undefined ? {} : { pullSecret: { name, logins } };
}

/** Stage 8. */
function makeGateway(
  { stages }: ClusterPlan,
  { signingKey, previousSigningKey, users, firstUserPassword }: ClusterSecrets,
  before: Pick<GatewayArgs, "namespace" | "served" | "kubeconfig">,
  opts: pulumi.ComponentResourceOptions,
): Gateway {
  const previous = previousSigningKey === undefined ? {} : { previousSigningKey };
  const keys = { signingKey, ...previous, users, firstUserPassword };
  return new Gateway("gateway", { gateway: stages.gateway, program: bundle("gateway"), ...before, ...keys }, opts);
}

/** What the chat page's Secret holds, of what its plan names. */
function chatSecrets(
  secrets: ClusterSecrets,
  gateway: Gateway,
  [user]: GatewayPlan["serviceUsers"],
): ChatUiArgs["secrets"] {
  const { chatSessionKey, chatAdminPassword, chatOidcClientSecret, chatDatabaseUrl, chatAccessCode } = secrets;
  return {
    gatewayUrl: gateway.clusterEndpoint,
    ...(user === undefined ? {} : { token: gateway.serviceToken({ subject: user.name, scopes: user.scopes }) }),
    ...(chatSessionKey === undefined ? {} : { sessionKey: chatSessionKey }),
    ...(chatAdminPassword === undefined ? {} : { adminPassword: chatAdminPassword }),
    ...(chatOidcClientSecret === undefined ? {} : { oidcClientSecret: chatOidcClientSecret }),
    ...(chatDatabaseUrl === undefined ? {} : { databaseUrl: chatDatabaseUrl }),
    ...(chatAccessCode === undefined ? {} : { accessCode: chatAccessCode }),
  };
}

/**
 * Registers the stages.
 * @param machine with it the cluster is gone, and nobody is left to be asked for anything; absent for a cluster that is not ours
 * @throws UserError when a bundle was not made
 */
export function followCluster(
  plan: ClusterPlan,
  secrets: ClusterSecrets,
  cluster: ClusterOutputs,
  machine?: pulumi.Resource,
): StageOutputs {
  const { arrows, gpuStack, kubeRay, modelStore, served, images } = plan.stages;
  // Nothing is asked of the cluster before its nodes are Ready.
  const kubeconfig = pulumi.all([cluster.kubeconfig, cluster.ready]).apply(([text]) => text);
  const gone = machine === undefined ? {} : { deletedWith: machine };
  const provider = new k8s.Provider(
    "kubernetes",
    {
      kubeconfig,
      deleteUnreachable: machine !== undefined,
      // Pods follow a changed key or user as they run: nothing is to be replaced for it.
      enableConfigMapMutable: true,
      enableSecretMutable: true,
    },
    gone,
  );
  const opts: pulumi.ComponentResourceOptions = { provider, ...gone };
  const pull = pullSecretOf(modelStore, secrets);
  const gpus = new GpuStack("gpus", { gpuStack, image: images.node, kubeconfig, ...pull }, opts);
  const operator = new KubeRay("kuberay", { kubeRay, arrows, kubeconfig, ...pull }, opts);
  const serving = { namespace: modelStore.namespace, arrows, ...pull };
  const { namespace } = new ServingNamespace("serving", serving, opts);
  const program = bundle("download");
  const credentials = hubCredentials(secrets);
  const store = new ModelStore("models", { store: modelStore, program, namespace, credentials, kubeconfig }, opts);
  const models = new ServedModel(
    "served",
    {
      served,
      namespace,
      kubeconfig,
      modelsReady: pulumi.all([store.ready, gpus.ready]),
      kubeRayReady: operator.ready,
      rayToken: secrets.rayToken,
    },
    opts,
  );
  const gateway = makeGateway(plan, secrets, { namespace, served: models.endpoint, kubeconfig }, opts);
  const { chat, monitoring } = plan.stages;
  const page =
    chat === undefined
      ? undefined
      : new ChatUi(
          "chat",
          { chat, arrows, ...pull, secrets: chatSecrets(secrets, gateway, plan.stages.gateway.serviceUsers) },
          opts,
        );
  if (monitoring !== undefined) new Monitoring("monitoring", { monitoring }, opts);
  return {
    endpoint: gateway.endpoint,
    ...(page === undefined ? {} : { chat: page.ready }),
    gpus: gpus.ready,
    firstTokens: models.ready,
  };
}
