import assert from "node:assert/strict";
import { parseProfile } from "../../../config/parse";
import { formatFault } from "../../../config/errors";
import { isLocal, isProxmox, type ExistingProfile } from "../../../config/schema";
import { existingInput, proxmoxInput, type ClusterInput } from "../../../plan/cluster/fromProfile";
import { placeVms } from "../../../plan/placement";
import { changed, existing, proxmox } from "../../config/stacks";
import { cards, stackOf } from "../placement/cases";

const noFacts = { modelConfigs: {} };

function rented(raw: unknown): ExistingProfile {
  const profile = parseProfile(raw);
  assert.ok(!isLocal(profile) && !isProxmox(profile));
  return profile;
}

function homelab(...given: Parameters<typeof stackOf>): ClusterInput {
  const profile = stackOf(...given);
  const { placement } = placeVms(profile);
  return proxmoxInput(profile, placement, noFacts);
}

const faultsOf = ({ faults }: ClusterInput): readonly string[] => faults.map(formatFault);
const ids = ({ hardware }: ClusterInput): readonly string[] => hardware.gpus.map(({ id }) => id);

/** Qwen3 0.6B's own config.json, as far as it is read. @see https://huggingface.co/Qwen/Qwen3-0.6B */
const qwenConfig = {
  architectures: ["Qwen3ForCausalLM"],
  model_type: "qwen3",
  num_hidden_layers: 28,
  hidden_size: 1024,
  num_attention_heads: 16,
  num_key_value_heads: 8,
  head_dim: 128,
  intermediate_size: 3072,
  vocab_size: 151936,
  max_position_embeddings: 40960,
  tie_word_embeddings: true,
  rope_theta: 1000000,
};

describe("hardware of a stack on Proxmox", () => {
  it("is the GPUs of its VMs, passed through, in the order of pools, nodes and slots", () => {
    const hosts = [{ gpus: cards("3060") }, { gpus: cards("3090", "3090") }, { gpus: cards("3090", "3090") }];
    const input = homelab(hosts, [{ count: 2, card: "3090", gpusPerNode: 2 }, { card: "3060" }]);
    assert.deepEqual(faultsOf(input), []);
    assert.deepEqual(ids(input), ["p0-1/0", "p0-1/1", "p0-2/0", "p0-2/1", "p1-1/0"]);
    const [first] = input.hardware.gpus;
    assert.deepEqual([first?.model.id, first?.node, first?.pool, first?.passthrough], ["rtx-3090", "p0-1", "p0", true]);
    assert.deepEqual(input.hardware.network, { gbitPerSecond: 10, rdma: false });
  });

  it("has slots as the cards can use them", () => {
    const slots = [{ generation: 3, width: 8 }, { generation: 5 }, { width: 4 }];
    const gpus = cards("3090", "3090", "3090").map((gpu, index) => ({ ...gpu, slot: slots[index] }));
    const { hardware } = homelab([{ gpus }], [{ card: "3090", gpusPerNode: 3 }]);
    assert.deepEqual(
      hardware.gpus.map(({ slot }) => slot),
      [
        { generation: 3, width: 8 },
        { generation: 4, width: 16 },
        { generation: 4, width: 4 },
      ],
    );
  });

  it("has NVLink inside a VM only", () => {
    const hosts = [{ gpus: cards("3090", "3090"), nvlink: [["0000:01:00.0", "0000:02:00.0"]] }];
    const groups = (pool: object) =>
      homelab(hosts, [{ card: "3090", ...pool }]).hardware.gpus.map((gpu) => gpu.nvlinkGroup);
    assert.deepEqual(groups({ gpusPerNode: 2 }), Array(2).fill("p0-1/nvlink-0000:01:00.0"));
    assert.deepEqual(groups({ count: 2 }), [undefined, undefined]);
  });

  it("knows no card that is not in the catalogue, and names the nearest once", () => {
    const hosts = [{ gpus: cards("rtx-3091", "rtx-3091") }, { gpus: cards("voodoo") }];
    const [near, far, ...more] = faultsOf(homelab(hosts, [{ card: "rtx-3091" }]));
    assert.match(
      near ?? "",
      /^hosts\[0\]\.gpus\[0\]\.card: found text "rtx-3091", a card that the catalogue does not know; expected one of .*rtx-3090.*; fix: did you mean `rtx-3090`\?$/,
    );
    assert.match(far ?? "", /^hosts\[1\]\.gpus\[0\]\.card: found text "voodoo", .*; fix: write one of these$/);
    assert.deepEqual(more, []);
  });

  it("has no bridge between cards that have none, or between unequal ones", () => {
    const nvlink = [["0000:01:00.0", "0000:02:00.0"]];
    const hosts = [
      { gpus: cards("3060", "3060"), nvlink },
      { gpus: cards("3090", "a100-80g-pcie"), nvlink },
    ];
    assert.deepEqual(faultsOf(homelab(hosts, [])), [
      "hosts[0].nvlink[0]: found RTX 3060 12GB, which has no NVLink; expected cards that have NVLink; fix: remove the pair",
      "hosts[1].nvlink[0]: found RTX 3090 and A100 80GB PCIe; expected two equal cards: a bridge joins no others; fix: correct the pair",
    ]);
  });
});

describe("hardware of an existing cluster", () => {
  const gpusOf = (pool: object) =>
    existingInput(rented({ ...existing, pools: [{ name: "gpu", count: 1, ...pool }] }), noFacts).hardware.gpus;

  it("is nodes named after their pool", () => {
    const input = existingInput(rented(changed(existing, "pools[1]", { name: "cpu", count: 3 })), noFacts);
    assert.deepEqual(ids(input), ["gpu-1/0", "gpu-2/0"]);
    assert.deepEqual(input.hardware.gpus[1]?.node, "gpu-2");
    assert.equal(input.hardware.gpus[1]?.passthrough, false);
  });

  it("is joined by a switch where the card has one, by bridges where they are named, and else not", () => {
    const groups = (pool: object) => gpusOf({ gpusPerNode: 4, ...pool }).map(({ nvlinkGroup }) => nvlinkGroup);
    assert.deepEqual(groups({ card: "a100-80g-sxm" }), Array(4).fill("gpu-1/nvlink"));
    assert.deepEqual(groups({ card: "a100-80g-pcie" }), Array(4).fill(undefined));
    assert.deepEqual(groups({ card: "a100-80g-sxm", nvlink: "none" }), Array(4).fill(undefined));
    assert.deepEqual(groups({ card: "a100-80g-pcie", nvlink: "pairs" }), [
      ...["gpu-1/nvlink-0", "gpu-1/nvlink-0"],
      ...["gpu-1/nvlink-1", "gpu-1/nvlink-1"],
    ]);
    assert.equal(gpusOf({ card: "a100-80g-sxm", gpusPerNode: 1 })[0]?.nvlinkGroup, undefined);
  });

  it("has no NVLink with cards that have none", () => {
    const raw = { ...existing, pools: [{ name: "gpu", count: 1, card: "l40s", gpusPerNode: 2, nvlink: "switch" }] };
    assert.deepEqual(faultsOf(existingInput(rented(raw), noFacts)), [
      "pools[0].nvlink: found switch with L40S; expected a card that has NVLink; fix: write `nvlink: none`, or remove it",
    ]);
  });
});

describe("models of a stack", () => {
  const input = (models: readonly object[], modelConfigs: Readonly<Record<string, unknown>> = {}): ClusterInput =>
    existingInput(rented({ ...existing, models }), { modelConfigs });

  it("become requests, with what was pinned and nothing else", () => {
    const [plain, pinned] = input([
      { source: "qwen/qwen3-8b" },
      {
        source: "Qwen/Qwen3-8B-AWQ",
        name: "b",
        contextTokens: 8192,
        concurrency: 4,
        tensorParallel: 2,
        dtype: "float16",
      },
    ]).requests;
    assert.deepEqual(
      [plain?.name, plain?.path, plain?.shape.id, plain?.pins],
      ["qwen/qwen3-8b", "models[0]", "Qwen/Qwen3-8B", {}],
    );
    assert.deepEqual(Object.keys(plain ?? {}).sort(), ["name", "path", "pins", "shape"]);
    assert.ok(pinned !== undefined);
    const pins = { tensorParallel: 2, dtype: "float16" };
    assert.deepEqual(pinned, {
      shape: pinned.shape,
      name: "b",
      path: "models[1]",
      contextTokens: 8192,
      concurrency: 4,
      pins,
    });
  });

  it("keep every pin", () => {
    const pins = {
      ...{ tensorParallel: 2, pipelineParallel: 2, replicas: 1, layerPartition: [18, 18], expertParallel: false },
      ...{ gpuMemoryUtilization: 0.8, maxNumBatchedTokens: 2048, kvCacheDtype: "fp8", dtype: "bfloat16" },
      ...{ enforceEager: true, cpuOffloadGib: 4, pools: ["gpu"], toolParser: "hermes", reasoningParser: "qwen3" },
      tensorParallelOverNetwork: true,
    };
    assert.deepEqual(input([{ source: "Qwen/Qwen3-8B", ...pins }]).requests[0]?.pins, pins);
  });

  it("that nobody knows are named with the nearest", () => {
    const { requests, faults } = input([{ source: "Qwen/Qwen3-8B-AQW" }, { source: "Qwen/Qwen3-8B" }]);
    assert.equal(requests.length, 1);
    const [fault] = faults.map(formatFault);
    assert.match(
      fault ?? "",
      /^models\[0\]\.source: found text "Qwen\/Qwen3-8B-AQW", a model that the catalogue does not know; expected a model of the catalogue, or its own config\.json; the nearest are Qwen\/Qwen3-8B-AWQ, .*; fix: write one of these, or download the model's config\.json and name the file in `models\[0\]\.config`$/,
    );
  });

  it("may bring their own config.json, which then decides", () => {
    const models = [{ source: "org/new", name: "new", config: "new/config.json", weightBytes: 1_503_300_328 }];
    const { requests, faults } = input(models, { new: qwenConfig });
    assert.deepEqual(faults, []);
    const [request] = requests;
    assert.deepEqual([request?.shape.id, request?.shape.layers, request?.shape.kvHeads], ["org/new", 28, 8]);
    assert.equal(request?.weightBytes, 1_503_300_328);
  });

  it("are refused with what their config.json lacks", () => {
    const models = [{ source: "org/new", config: "new/config.json" }];
    const { requests, faults } = input(models, { "org/new": { ...qwenConfig, model_type: "abacus" } });
    assert.deepEqual(requests, []);
    assert.match(
      faults.map(formatFault).join("\n"),
      /^models\[0\]\.config: new\/config\.json: model_type: found "abacus"; /,
    );
  });
});

describe("hardware and models together", () => {
  it("are plain data", () => {
    const profile = parseProfile(proxmox);
    assert.ok(isProxmox(profile));
    const { hardware, requests } = proxmoxInput(profile, placeVms(profile).placement, noFacts);
    assert.deepEqual(JSON.parse(JSON.stringify({ hardware, requests })), { hardware, requests });
  });
});
