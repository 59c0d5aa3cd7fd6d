/** One model on a cluster with GPUs that is there already. Once the package is installed, its name stands for "../../tokenrack". */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { bundle, KubeRay, ModelStore, planModels, ServedModel, ServingNamespace } from "../../tokenrack";

const config = new pulumi.Config();
const kubeconfig = config.requireSecret("kubeconfig");

const { arrows, kubeRay, modelStore, served } = planModels(pulumi.getStack(), {
  pools: [{ name: "gpu", count: 1, card: "l40s", labels: { "nvidia.com/gpu.present": "true" } }],
  network: { gbitPerSecond: 10 },
  gpu: { mode: "preinstalled" },
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

/** Where pods of the serving namespace reach the model; known once it has generated a token. */
export const endpoint = model.endpoint;
