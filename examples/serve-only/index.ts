/** One model behind the gateway, on a cluster with GPUs that is there already. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { bundle, Gateway, KubeRay, ModelStore, planModels, ServedModel, ServingNamespace } from "pulumi-tokenrack";

const config = new pulumi.Config();
const kubeconfig = config.requireSecret("kubeconfig");

const { arrows, kubeRay, modelStore, served, gateway } = planModels(pulumi.getStack(), {
  pools: [{ name: "gpu", count: 1, card: "l40s", labels: { "nvidia.com/gpu.present": "true" } }],
  network: { gbitPerSecond: 10 },
  gpu: { mode: "preinstalled" },
  ingress: { host: "llm.example.com", tlsIssuer: "letsencrypt" },
  models: [{ source: "Qwen/Qwen3-8B", revision: "main", contextTokens: 16_384 }],
}).stages;

const provider = new k8s.Provider("cluster", { kubeconfig });
const operator = new KubeRay("kuberay", { kubeRay, arrows, kubeconfig }, { provider });
const { namespace } = new ServingNamespace("serving", { namespace: served.namespace, arrows }, { provider });
const store = new ModelStore(
  "models",
  { store: modelStore, program: bundle("download"), namespace, kubeconfig },
  { provider },
);
const model = new ServedModel(
  "model",
  {
    served,
    namespace,
    kubeconfig,
    modelsReady: store.ready,
    kubeRayReady: operator.ready,
    rayToken: config.requireSecret("rayToken"),
  },
  { provider },
);

const door = new Gateway(
  "gateway",
  {
    gateway,
    program: bundle("gateway"),
    namespace,
    served: model.endpoint,
    signingKey: config.requireSecret("signingKey"),
    users: config.requireSecret("users"),
    firstUserPassword: config.requireSecret("firstUserPassword"),
    kubeconfig,
  },
  { provider },
);

/** Base URL of the API; known once a token came through the gateway. */
export const endpoint = door.endpoint;
