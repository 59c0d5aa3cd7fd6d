import assert from "node:assert/strict";
import type { Hardware } from "../../plan/cluster/hardware";
import type { ServingRequest } from "../../plan/cluster/types";
import { planServing } from "../../plan/layouts";
import {
  ask,
  eightA100,
  gemma,
  gpusOf,
  homelab,
  on,
  planned,
  plannedOne,
  refused,
  sizesOf,
  tenGbe,
} from "./layouts/cases";
import { GIB } from "./memory/cases";
import { nodeOf, nodesOf } from "./support/servingPlans";

const three3090 = on(nodesOf("gpu", 3, "3090", 1, { passthrough: true }));
const twoA100 = on(nodesOf("a100", 2, "a100", 1), { gbitPerSecond: 25, rdma: false });
const awq70b = "hugging-quants/Meta-Llama-3.1-70B-Instruct-AWQ-INT4";

describe("planServing: which layout", () => {
  const cases: readonly [string, string, Hardware, Partial<ServingRequest>, readonly [number, number, number]][] = [
    ["Gemma 27B in 4 bit: one 3090 each", gemma, homelab, {}, [1, 1, 3]],
    [
      "Qwen3-32B-AWQ with 32k: PP over two of three nodes",
      "Qwen/Qwen3-32B-AWQ",
      three3090,
      { contextTokens: 32768 },
      [1, 2, 1],
    ],
    ["70B in 4 bit: PP over three nodes", awq70b, three3090, {}, [1, 3, 1]],
    ["70B in 16 bit on two A100: PP", "deepseek-ai/DeepSeek-R1-Distill-Llama-70B", twoA100, {}, [1, 2, 1]],
    ["235B in 16 bit on eight A100: TP 8", "Qwen/Qwen3-235B-A22B-Instruct-2507", eightA100, {}, [8, 1, 1]],
    ["235B in FP8 on eight A100: TP 4 twice", "Qwen/Qwen3-235B-A22B-Instruct-2507-FP8", eightA100, {}, [4, 1, 2]],
    ["14 heads on four cards: one card each", "Qwen/Qwen2.5-0.5B-Instruct", on(nodeOf("a", "3090", 4)), {}, [1, 1, 4]],
    ["no network hop for a larger cache", gemma, homelab, { contextTokens: 8192, concurrency: 8 }, [1, 1, 3]],
    ["8B on eight A100: one card each", "meta-llama/Llama-3.1-8B-Instruct", eightA100, { concurrency: 64 }, [1, 1, 8]],
    [
      "TP before PP inside a node",
      "Qwen/Qwen3-32B-AWQ",
      on(nodeOf("a", "3090", 2)),
      { contextTokens: 32768 },
      [2, 1, 1],
    ],
    [
      "DeepSeek V3 on two nodes of eight H200: TP 8 twice",
      "deepseek-ai/DeepSeek-V3",
      on(nodesOf("h", 2, "h200", 8, { nvlinkGroup: "n" })),
      {},
      [8, 1, 2],
    ],
  ];
  for (const [title, model, hardware, more, sizes] of cases) {
    it(title, () => assert.deepEqual(sizesOf(plannedOne(model, hardware, more)), sizes));
  }

  it("puts whole experts on each rank where block-FP8 has no other way at TP 8", () => {
    const plan = plannedOne("Qwen/Qwen3-235B-A22B-Instruct-2507-FP8", eightA100, { pins: { tensorParallel: 8 } });
    assert.deepEqual(plan.layout, { tensorParallel: 8, pipelineParallel: 1, expertParallel: true });
    assert.ok(plan.reasons.some((reason) => reason.includes("4 KV heads on TP 8")));
  });

  it("keeps a TP group to NVLink partners", () => {
    const gpus = nodeOf("a", "3090", 4).map((gpu, index) => ({ ...gpu, nvlinkGroup: `pair-${index % 2}` }));
    const plan = plannedOne("Qwen/Qwen3-32B-AWQ", on(gpus), { contextTokens: 32768, pins: { tensorParallel: 2 } });
    assert.deepEqual(gpusOf(plan), ["a/0", "a/2", "a/1", "a/3"]);
    assert.deepEqual(plan.environment, {});
    assert.equal(plan.engine.disableCustomAllReduce, false);
  });

  it("takes TP over the network when asked by name, or where RDMA is fast, and says so", () => {
    const pins = { tensorParallel: 2 };
    const asked = plannedOne(gemma, three3090, { pins: { ...pins, tensorParallelOverNetwork: true } });
    assert.deepEqual(sizesOf(asked), [2, 1, 1]);
    assert.equal(asked.placementStrategy, "PACK");
    assert.equal(asked.engine.disableCustomAllReduce, true);
    assert.deepEqual(asked.environment, { NCCL_IB_DISABLE: "1" });
    const rdma = plannedOne(gemma, on(three3090.gpus, { gbitPerSecond: 100, rdma: true }), { pins });
    assert.match(rdma.reasons[0] ?? "", /TP 2 across nodes.*100 Gb\/s RDMA/);
    assert.match(
      refused(gemma, on(three3090.gpus, { gbitPerSecond: 100, rdma: false }), { pins }).fix,
      /tensorParallelOverNetwork/,
    );
  });
});

describe("planServing: unequal cards", () => {
  it("leaves the small card out, and offers it a model of its own", () => {
    const { models, idle } = planned([ask(gemma)], homelab);
    assert.deepEqual(models.flatMap(gpusOf), ["gpu-1/0", "gpu-2/0", "gpu-3/0"]);
    assert.deepEqual(
      idle.map(({ gpu }) => gpu),
      ["small/0"],
    );
    assert.match(idle[0]?.reason ?? "", /GiB more than it has.*Qwen\/Qwen3-8B-AWQ would fit with \d+k of context/);
  });

  it("spans unequal cards by PP when nothing else holds the model, with layers by memory and the cost", () => {
    const plan = plannedOne("google/gemma-3-27b-it", homelab);
    assert.deepEqual(sizesOf(plan), [1, 4, 1]);
    const partition = plan.layout.layerPartition ?? [];
    assert.equal(
      partition.reduce((sum, layers) => sum + layers, 0),
      62,
    );
    assert.ok((partition[3] ?? 62) < Math.min(...partition.slice(0, 3)), "the small card has the fewest layers");
    assert.ok(
      (partition[0] ?? 62) < (partition[1] ?? 0),
      "the embedding and the vision tower cost the first rank layers",
    );
    assert.equal(plan.environment["VLLM_PP_LAYER_PARTITION"], partition.join(","));
    assert.ok(plan.reasons.some((reason) => reason.includes("The cost: a token waits for every rank")));
  });
});

describe("planServing: settings", () => {
  it("lowers slots before it refuses a context", () => {
    const plan = plannedOne(gemma, homelab, { contextTokens: 8192 });
    assert.equal(plan.engine.maxModelLen, 8192);
    assert.ok(plan.engine.maxNumSeqs < 256 && plan.engine.maxNumSeqs >= 16, String(plan.engine.maxNumSeqs));
    assert.ok(plan.memory.cold.fits && plan.memory.warm.fits);
    assert.ok(plan.memory.cold.kv.tokens < plan.memory.warm.kv.tokens);
  });

  it("keeps vLLM's defaults where there is room", () => {
    const { engine } = plannedOne("Qwen/Qwen2.5-0.5B-Instruct", homelab);
    assert.deepEqual([engine.maxNumSeqs, engine.maxNumBatchedTokens, engine.gpuMemoryUtilization], [256, 2048, 0.92]);
    assert.equal(engine.maxModelLen, 32768);
    assert.equal(engine.asyncScheduling, false);
    const large = plannedOne("Qwen/Qwen3-8B", on(nodeOf("h", "h100", 1)));
    assert.equal(large.engine.maxNumBatchedTokens, 8192);
    assert.equal(plannedOne("Qwen/Qwen3-8B", eightA100).engine.maxNumBatchedTokens, 2048);
  });

  it("has blocks of 64 for MLA", () => {
    const hardware = on(nodeOf("h", "h200", 8, { nvlinkGroup: "n" }));
    assert.equal(plannedOne("deepseek-ai/DeepSeek-V3", hardware).engine.blockSize, 64);
  });

  it("leaves a margin under a context that nobody asked for, in the first start too", () => {
    const { engine, memory } = plannedOne(gemma, homelab);
    assert.ok(engine.maxModelLen >= 8192);
    assert.ok(memory.cold.kv.sequences > 1.05, String(memory.cold.kv.sequences));
  });

  it("gives the context to the requests that were asked for", () => {
    const one = plannedOne("Qwen/Qwen3-8B", on(nodeOf("a", "3090", 1)), { concurrency: 1 });
    const eight = plannedOne("Qwen/Qwen3-8B", on(nodeOf("a", "3090", 1)), { concurrency: 4 });
    assert.ok(one.engine.maxModelLen > eight.engine.maxModelLen);
    assert.ok(eight.memory.warm.kv.sequences >= 1);
  });

  it("warns when only a start with a warm cache fits", () => {
    const hardware = on(nodeOf("a", "3090", 1));
    const plan = plannedOne(gemma, hardware, { contextTokens: 16384 });
    assert.ok(plan.memory.warm.fits && !plan.memory.cold.fits);
    assert.match(plan.warnings[0] ?? "", /first start fails.*tokens/);
  });

  it("keeps weights in the node's memory when told to", () => {
    const hardware = on(nodeOf("a", "3090", 1));
    const pins = { cpuOffloadGib: 8 };
    const plan = plannedOne("Qwen/Qwen3-14B", hardware, { pins });
    assert.equal(plan.engine.cpuOffloadGib, 8);
    const [rank] = plan.memory.warm.ranks;
    assert.ok((rank?.weights.total ?? 0) < 20 * GIB);
    assert.match(refused("Qwen/Qwen3-14B", hardware).fix, /cpuOffloadGib/);
  });

  it("keeps peer-to-peer off where there is none, and sizes /dev/shm for it", () => {
    const gpus = nodeOf("a", "3090", 4, { passthrough: true });
    const plan = plannedOne("Qwen/Qwen3-32B-AWQ", on(gpus), { contextTokens: 32768 });
    assert.equal(plan.environment["NCCL_P2P_DISABLE"], "1");
    assert.equal(plan.engine.disableCustomAllReduce, true);
    assert.equal(plan.placementStrategy, "STRICT_PACK");
    assert.equal(plan.sharedMemory, 3 * GIB);
  });
});

describe("planServing: several models", () => {
  it("uses each GPU once, and does not starve a model that has only one place", () => {
    const requests = [ask("Qwen/Qwen3-8B-AWQ"), ask(gemma, {}, 1)];
    const hardware = on([...nodeOf("gpu", "3090", 1), ...nodeOf("small", "3060", 1)]);
    const { models, idle } = planned(requests, hardware);
    assert.deepEqual(models.map(gpusOf), [["small/0"], ["gpu/0"]]);
    assert.deepEqual(idle, []);
  });

  it("gives the earlier model its replicas before a later one a faster card", () => {
    const { models } = planned([ask(gemma), ask("Qwen/Qwen3-8B-AWQ", {}, 1)], homelab);
    assert.deepEqual(models.map(gpusOf), [["gpu-1/0", "gpu-2/0", "gpu-3/0"], ["small/0"]]);
    assert.ok(models[1]?.runnersUp.some(({ reason }) => reason.includes("its GPUs are for the models before it")));
  });

  it("takes replicas back for a later model", () => {
    const { models } = planned([ask(gemma), ask("Qwen/Qwen3-14B-AWQ", {}, 1)], three3090);
    assert.deepEqual(
      models.map(({ replicas }) => replicas),
      [2, 1],
    );
  });

  it("names the models that took the place", () => {
    const { plans, faults } = planServing([ask(gemma), ask("Qwen/Qwen3-32B-AWQ", {}, 1)], on(nodeOf("a", "3090", 1)));
    assert.deepEqual(
      plans.models.map(({ name }) => name),
      [gemma],
    );
    assert.equal(faults.length, 1);
    assert.equal(faults[0]?.path, "models[1].source");
    assert.match(faults[0]?.found ?? "", new RegExp(gemma));
  });
});

describe("planServing: pins and faults", () => {
  const awq = "Qwen/Qwen3-32B-AWQ";
  const cases: readonly [string, string, Hardware, Partial<ServingRequest>, string, RegExp, RegExp][] = [
    [
      "TP x PP above what there is",
      gemma,
      on(nodesOf("a", 2, "3090", 1)),
      { pins: { tensorParallel: 2, pipelineParallel: 2 } },
      "tensorParallel",
      /TP 2 x PP 2 x 1 replica = 4 GPUs/,
      /2 x RTX 3090 \(a-1, a-2\)/,
    ],
    [
      "TP 3 and 64 heads",
      awq,
      on(nodeOf("a", "3090", 4)),
      { pins: { tensorParallel: 3 } },
      "tensorParallel",
      /TP 3 and 64 attention heads/,
      /divides 64/,
    ],
    [
      "TP over a slow network",
      gemma,
      homelab,
      { pins: { tensorParallel: 2 } },
      "tensorParallel",
      /no node has more than 1 GPU/,
      /10 Gb\/s Ethernet/,
    ],
    [
      "share of 1.5",
      gemma,
      homelab,
      { pins: { gpuMemoryUtilization: 1.5 } },
      "gpuMemoryUtilization",
      /1\.5/,
      /at most 1/,
    ],
    [
      "a pool that is not there",
      gemma,
      homelab,
      { pins: { pools: ["gpu-large"] } },
      "pools",
      /gpu-large/,
      /rtx-3090, rtx-3060/,
    ],
    [
      "more replicas than GPUs",
      gemma,
      homelab,
      { pins: { replicas: 9 } },
      "replicas",
      /9 replicas = 9 GPUs/,
      /at most 4 GPUs/,
    ],
    [
      "a context that is too long",
      awq,
      on(nodeOf("a", "3090", 1)),
      { contextTokens: 32768 },
      "contextTokens",
      /32,768 tokens, which need 8\.0\d GiB/,
      /2\.\d+ GiB that are free for it on one RTX 3090/,
    ],
    [
      "weights that are too large",
      "meta-llama/Llama-3.3-70B-Instruct",
      on(nodeOf("a", "3090", 1)),
      {},
      "source",
      /GiB of weights on one RTX 3090/,
      /GiB less/,
    ],
    ["no GPU at all", gemma, on([]), {}, "source", /no GPU/, /at least one GPU/],
    [
      "replicas that do not fit on the cards that hold it",
      gemma,
      homelab,
      { pins: { replicas: 4 } },
      "replicas",
      /4 replicas/,
      /3 x RTX 3090/,
    ],
  ];
  for (const [title, model, hardware, more, field, found, needed] of cases) {
    it(title, () => {
      const fault = refused(model, hardware, more);
      assert.equal(fault.path, `models[0].${field}`);
      assert.match(fault.found, found);
      assert.match(fault.needed, needed);
      assert.ok(fault.fix.length > 10);
    });
  }

  it("says which context, storage or cache would fit, and each does", () => {
    const { fix } = refused("deepseek-ai/DeepSeek-R1-Distill-Llama-70B", twoA100, { contextTokens: 65536 });
    const context = Number(/lower contextTokens to (\d+)/.exec(fix)?.[1]);
    assert.equal(
      plannedOne("deepseek-ai/DeepSeek-R1-Distill-Llama-70B", twoA100, { contextTokens: context }).engine.maxModelLen,
      context,
    );
    assert.match(fix, /FP8-dynamic|AWQ/);
  });

  it("keeps every pin", () => {
    const pins = {
      tensorParallel: 2,
      pipelineParallel: 2,
      replicas: 2,
      layerPartition: [30, 34],
      gpuMemoryUtilization: 0.85,
      maxNumBatchedTokens: 1024,
      kvCacheDtype: "fp8",
      enforceEager: true,
    } as const;
    const plan = plannedOne("Qwen/Qwen3-32B-AWQ", eightA100, { pins, contextTokens: 4096 });
    assert.deepEqual(plan.layout, { tensorParallel: 2, pipelineParallel: 2, layerPartition: [30, 34] });
    const { engine } = plan;
    assert.deepEqual([plan.replicas, plan.ranks.length], [2, 8]);
    assert.deepEqual(
      [engine.gpuMemoryUtilization, engine.maxNumBatchedTokens, engine.kvCacheDtype],
      [0.85, 1024, "fp8"],
    );
    assert.deepEqual([engine.enforceEager, engine.maxModelLen], [true, 4096]);
  });
});

describe("planServing: what it says", () => {
  it("answers what readers ask", () => {
    const reasons = plannedOne("deepseek-ai/DeepSeek-R1-Distill-Llama-70B", twoA100).reasons.join("\n");
    for (const answer of [
      /PP 2 over 25 Gb\/s Ethernet.*161 all-reduces/,
      /TP 2 across nodes would need \d+ Gb\/s/,
      /head has no GPU \(num-gpus: 0\)/,
      /numOfHosts: 1 and num-gpus: 1/,
      /maxReplicas above 1 takes effect only with 4 such GPUs, and there are 2/,
    ]) {
      assert.match(reasons, answer);
    }
  });

  it("tells the runners-up with numbers", () => {
    const plan = plannedOne("Qwen/Qwen3-32B-AWQ", three3090, { contextTokens: 32768 });
    const [tensor] = plan.runnersUp.filter(({ layout }) => layout.tensorParallel === 2);
    assert.match(
      tensor?.reason ?? "",
      /^TP 2 on RTX 3090 over 10 Gb\/s Ethernet: \d+ ms a token instead of \d+ ms, all-reduces take \d+ %/,
    );
    const alone = plan.runnersUp.find(({ fits }) => !fits);
    assert.match(alone?.reason ?? "", /KV cache holds [\d,]+ tokens, less than one request of 32k/);
    assert.ok(plan.runnersUp.length <= 6);
    const heads = plannedOne("Qwen/Qwen2.5-0.5B-Instruct", on(nodeOf("a", "3090", 4))).runnersUp;
    assert.ok(heads.some(({ reason }) => reason.includes("14 attention heads")));
  });

  it("is the same for the same question", () => {
    const ask2 = (): unknown => planServing([ask(gemma), ask("Qwen/Qwen3-8B-AWQ", {}, 1)], on(homelab.gpus, tenGbe));
    assert.deepEqual(ask2(), ask2());
  });
});
