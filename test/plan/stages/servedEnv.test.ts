import assert from "node:assert/strict";
import { formatFault } from "../../../config/errors";
import { planStages } from "../../../plan/stages";
import { podVariables } from "../../../plan/stages/servedEnv";
import { rayServiceManifest } from "../../../render/stages/served/rayService";
import { llmConfig } from "../../../render/stages/served/serveConfig";
import { changed, existing } from "../../config/stacks";
import { everything, kept } from "../../render/stages/served/cases";
import { stageInput } from "./cases";
import { servedInput, servedOf, staged } from "./servedCases";

const withEnv = (env: object) => changed(existing, "models[0].env", env);
const faultsOf = (raw: unknown) => staged(servedInput(raw)).faults.map(formatFault);
const modelOf = (raw: unknown) => {
  const [model] = servedOf(raw).models;
  assert.ok(model !== undefined);
  return model;
};

describe("environment of a model", () => {
  const own = { NCCL_SOCKET_IFNAME: "eth0", PYTORCH_CUDA_ALLOC_CONF: "expandable_segments:True" };

  it("reaches its ranks beside the plan's, and has a compile cache of its own", () => {
    const { environment, cache } = modelOf(withEnv(own));
    const plain = modelOf(existing);
    assert.notEqual(cache, plain.cache);
    const others = Object.keys(plain.environment);
    assert.deepEqual(Object.keys(environment), [...Object.keys(own), ...others].sort());
    const config = llmConfig(modelOf(withEnv(own))) as { runtime_env: { env_vars: Record<string, string> } };
    assert.equal(config.runtime_env.env_vars["NCCL_SOCKET_IFNAME"], "eth0");
  });

  it("changes nothing where nothing is written", () => {
    assert.deepEqual(modelOf(withEnv({})), modelOf(existing));
  });

  const refused: readonly (readonly [name: string, fault: string])[] = [
    ["VLLM_CACHE_ROOT", "a variable that is not set already; fix: remove it"],
    ["HF_HUB_OFFLINE", "a variable that is not set already; fix: remove it"],
    ["NCCL_IB_DISABLE", "a variable that nothing else decides; fix: write `network.rdma`"],
    ["RAY_AUTH_TOKEN", "a variable that nothing else decides; fix: set the secret rayToken"],
  ];
  for (const [name, rest] of refused)
    it(`may not set ${name}`, () => {
      assert.deepEqual(faultsOf(withEnv({ [name]: "CANARY" })), [
        `models[0].env.${name}: found ${name}, set by hand; expected ${rest}`,
      ]);
    });

  it("may hold no secret, which its fault does not show", () => {
    assert.deepEqual(faultsOf(withEnv({ HF_TOKEN: "CANARY", MY_API_KEY: "CANARY" })), [
      "models[0].env.HF_TOKEN: found HF_TOKEN, which looks like a secret (its value is not shown); expected nothing secret: the Serve config shows it; fix: remove it: models lie on the volume and need no key",
      "models[0].env.MY_API_KEY: found MY_API_KEY, which looks like a secret (its value is not shown); expected nothing secret: the Serve config shows it; fix: remove it: models lie on the volume and need no key",
    ]);
  });

  it("knows every variable that pods have", () => {
    const names = [everything, kept].flatMap((raw) =>
      [...JSON.stringify(rayServiceManifest(servedOf(raw))).matchAll(/\{"name":"([A-Z][A-Z0-9_]+)","value/g)].map(
        ([, name = ""]) => name,
      ),
    );
    assert.deepEqual([...new Set(names)].sort(), podVariables);
  });
});

describe("what a stack says of pods", () => {
  const groupOf = (raw: unknown) => {
    const [group] = servedOf(raw).groups;
    assert.ok(group !== undefined);
    return group;
  };

  it("is kept free for each: CPUs, memory, other devices", () => {
    const raw = {
      ...changed(existing, "models[0].pod", { cpus: 12, memoryGib: 96 }),
      gpu: { podResources: { gpu: { "rdma/hca": 1 } } },
    };
    const { cpus, memory, more } = groupOf(raw);
    assert.deepEqual([cpus, memory / 2 ** 30, more], [12, 96, { "rdma/hca": "1" }]);
    const [pod] = (
      rayServiceManifest(servedOf(raw)) as never as {
        spec: {
          rayClusterConfig: {
            workerGroupSpecs: readonly { template: { spec: { containers: readonly { resources: object }[] } } }[];
          };
        };
      }
    ).spec.rayClusterConfig.workerGroupSpecs.map(({ template }) => template.spec.containers[0]?.resources);
    const devices = { "nvidia.com/gpu": "1", "rdma/hca": "1" };
    assert.deepEqual(pod, { requests: { cpu: "12", memory: "98304Mi", ...devices }, limits: devices });
    assert.equal(groupOf(existing).more, undefined);
  });

  it("may not be less than /dev/shm and a process take", () => {
    assert.deepEqual(faultsOf(changed(existing, "models[0].pod", { memoryGib: 4 })), [
      "models[0].pod.memoryGib: found 4 GiB; expected at least 6 GiB: /dev/shm, and 2 GiB for Ray and for each rank's process; fix: write 6",
    ]);
  });

  it("goes for the head, too", () => {
    const { cpus, memoryGib } = servedOf(changed(existing, "serving.head", { memoryGib: 16 })).head;
    assert.deepEqual([cpus, memoryGib], [2, 16]);
  });

  it("names GPUs as HAMi was told to", () => {
    const hamiResources = { gpu: "my.org/gpu" };
    const raw = { ...existing, gpu: { mode: "hami", hamiResources } };
    const { plan, faults } = planStages(stageInput(raw));
    assert.deepEqual([faults, plan.served.gpu.resource, plan.gpuStack.resource], [[], "my.org/gpu", "my.org/gpu"]);
    assert.match(JSON.stringify(rayServiceManifest(plan.served)), /"limits":\{"my.org\/gpu":"1"\}/);
  });

  const gpuFaults = (gpu: object) => planStages(stageInput({ ...existing, gpu })).faults.map(formatFault);
  it("asks for no GPUs twice, and for nothing of HAMi without it", () => {
    assert.deepEqual(
      gpuFaults({ podResources: { gpu: { "nvidia.com/gpu": 1 }, other: { "rdma/hca": 1 } }, hamiResources: {} }),
      [
        "gpu.podResources.other: found other, which is no pool with GPUs; expected one of gpu; fix: correct the name, or remove the line",
        "gpu.hamiResources: found names under mode gpuOperator; expected no such key without HAMi; fix: remove it, or write `mode: hami`",
        'gpu.podResources.gpu["nvidia.com/gpu"]: found 1, beside the GPUs that the plan gives each pod; expected other resources than the GPUs themselves; fix: remove it; `models[].tensorParallel` says how many GPUs a pod has',
      ],
    );
  });
});

describe("a directory of a claim that is there already", () => {
  it("is mounted in place of the claim, and its caches beside the models", () => {
    const raw = { ...existing, modelStore: { existingClaim: "nas", existingDirectory: "llm/models" } };
    const { served, modelStore } = planStages(stageInput(raw)).plan;
    assert.deepEqual(modelStore.volume, { kind: "given", claim: "nas", directory: "llm/models" });
    const text = JSON.stringify(rayServiceManifest(served));
    assert.match(text, /\{"mountPath":"\/models","name":"models","readOnly":true,"subPath":"llm\/models"\}/);
    assert.match(text, /\{"mountPath":"\/cache","name":"models","subPath":"llm\/models\/cache"\}/);
  });

  it("is a fault without the claim", () => {
    const raw = { ...existing, modelStore: { existingDirectory: "llm" } };
    assert.deepEqual(planStages(stageInput(raw)).faults.map(formatFault), [
      "modelStore.existingDirectory: found llm, and no modelStore.existingClaim; expected the claim that it is a directory of: a volume of ours holds nothing else; fix: add `existingClaim`, or remove it",
    ]);
  });
});
