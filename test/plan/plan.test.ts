import assert from "node:assert/strict";
import { formatFault, ProfileError } from "../../config/errors";
import { explainPlan } from "../../plan/explain";
import { makePlan, type LocalFacts } from "../../plan/plan";
import type { LocalProfile } from "../../config/schema";
import { laptop, llama8b, profileOf, rtx3090, withLlama } from "./cases";

const noise =
  "tiny-llama has random weights: it answers, and its words are noise. For real answers set models[0].source";
const moves = "models[0].revision is main, which moves: name a commit to get the same model every time";
const llama = (platform: object = {}, model: object = {}): LocalProfile =>
  profileOf(platform, { source: "org/llama", revision: "v1", ...model });

function faultsOf(profile: LocalProfile, facts: LocalFacts): string[] {
  try {
    makePlan(profile, facts);
  } catch (error) {
    assert.ok(error instanceof ProfileError, String(error));
    return error.faults.map(formatFault);
  }
  return [];
}

/** Context, slots and KV cache of the only model. */
function shapeOf(profile: LocalProfile, facts: LocalFacts): readonly [number, number, number] {
  const [model] = makePlan(profile, facts).models;
  assert.ok(model);
  return [model.maxModelLen, model.maxNumSeqs, model.kvCacheGib];
}

describe("makePlan on a laptop", () => {
  it("decides everything for the built-in model", () => {
    const profile = profileOf();
    assert.deepEqual(makePlan(profile, laptop), {
      stack: "local",
      platform: "local",
      local: {
        accelerator: "cpu",
        host: "127.0.0.1",
        ports: profile.ports,
        paths: { run: "/run/tokenrack", cache: ".tokenrack/cache", gatewayBundle: "gateway/dist/gateway.js" },
        python: { lock: "cpu", hash: laptop.lockHashes.cpu },
        ray: { numCpus: 2, numGpus: 0, ompThreads: 1, reservedCores: 1, objectStoreMib: 256 },
      },
      models: [
        {
          name: "tiny-llama",
          source: "builtin:tiny-llama",
          kind: "builtin",
          maxModelLen: 2048,
          maxNumSeqs: 4,
          kvCacheGib: 1 / 16,
          kvCacheExact: true,
          tensorParallel: 1,
          pipelineParallel: 1,
          replicas: 1,
          dtype: "auto",
          enforceEager: true,
        },
      ],
      gateway: {
        host: "127.0.0.1",
        port: 8080,
        issuer: "http://127.0.0.1:8080",
        audience: "tokenrack/local",
        lifetimeSeconds: 3600,
        upstreamUrl: "http://127.0.0.1:8000",
        limits: {
          bodyBytes: 2_097_152,
          n: 4,
          maxTokens: 2048,
          concurrencyPerSubject: 4,
          requestsPerMinute: 60,
          inFlight: 8,
        },
        corsOrigins: [],
        readinessModel: "tiny-llama",
        firstUser: "admin",
      },
      warnings: [noise],
    });
  });

  it("counts threads: one core is left over, where there are two or more", () => {
    const threads = [1, 2, 3, 16].map((cpus) => makePlan(profileOf(), { ...laptop, cpus }).local.ray.ompThreads);
    assert.deepEqual(threads, [1, 1, 2, 15]);
    assert.equal(makePlan(profileOf({ cpuThreads: 1 }), laptop).local.ray.ompThreads, 1);
  });

  it("counts slots: two a core, 4 to 16", () => {
    const slots = [1, 4, 64].map((cpus) => shapeOf(profileOf(), { ...laptop, cpus })[1]);
    assert.deepEqual(slots, [4, 8, 16]);
  });

  it("keeps what was asked for", () => {
    assert.deepEqual(
      shapeOf(profileOf({ kvCacheGib: 3 }, { contextTokens: 512, concurrency: 7 }), laptop),
      [512, 7, 3],
    );
  });

  it("warns of a revision that moves, and of what is not known", () => {
    const plan = makePlan(profileOf({}, { source: "org/unknown" }), laptop);
    assert.deepEqual(plan.warnings, [
      moves,
      "the context limit of org/unknown is not known: planned 4096 tokens. If the engine refuses that, set models[0].contextTokens",
      "the size of org/unknown is not known: planned 4 GiB of KV cache. To change it set platform.kvCacheGib",
    ]);
    assert.equal(plan.models[0]?.revision, "main");
  });
});

describe("makePlan fits a model into memory", () => {
  // 8B in 16 bits: 14.96 GiB of weights, 4 GiB for the engine, 128 KiB a token = 8192 tokens in a GiB.
  it("takes the KV cache that context x slots needs", () => {
    assert.deepEqual(shapeOf(llama(), withLlama()), [4096, 4, 2]);
  });

  it("lowers slots before context, and says so", () => {
    const facts = withLlama({ memoryGib: 20 }); // 1 GiB left: 8192 tokens
    assert.deepEqual(shapeOf(llama(), facts), [4096, 2, 1]);
    assert.deepEqual(makePlan(llama(), facts).warnings, [
      "org/llama: 4096 tokens of context and 2 at once instead of 4096 and 4, since 1 GiB of KV cache hold 8192 tokens",
    ]);
    assert.deepEqual(shapeOf(llama({}, { contextTokens: 8192 }), facts), [8192, 1, 1]);
    assert.deepEqual(shapeOf(llama({}, { concurrency: 5 }), facts), [1632, 5, 1]);
    assert.deepEqual(shapeOf(llama({ memoryGib: 20 }), withLlama()), [4096, 2, 1], "platform.memoryGib is a limit");
  });

  it("refuses a context beyond the model's limit", () => {
    assert.deepEqual(faultsOf(profileOf({}, { contextTokens: 4096 }), laptop), [
      "models[0].contextTokens: found 4096 tokens; expected at most 2048 tokens, the limit of builtin:tiny-llama; fix: write `contextTokens: 2048` or less, or remove it",
    ]);
  });

  it("refuses weights that leave nothing", () => {
    assert.deepEqual(faultsOf(llama(), withLlama({ memoryGib: 16 })), [
      "models[0].source: found org/llama: 15 GiB of weights and 4 GiB for the engine, of 16 GiB of memory; expected at least 1 GiB left for the KV cache; fix: use a smaller model, or give it 20 GiB (platform.memoryGib)",
    ]);
  });

  it("refuses a context and slots that cannot both be held", () => {
    assert.deepEqual(faultsOf(llama({}, { contextTokens: 65_536, concurrency: 8 }), withLlama()), [
      "models[0].contextTokens: found 65536 tokens of context x 8 at once x 128 KiB a token = 64 GiB; expected at most 45 GiB, what is left of the memory: 368640 tokens in all; fix: lower models[0].contextTokens or models[0].concurrency",
    ]);
    assert.deepEqual(faultsOf(llama({ kvCacheGib: 1 }, { contextTokens: 16_384 }), withLlama()), [
      "models[0].contextTokens: found 16384 tokens of context x 1 at once x 128 KiB a token = 2 GiB; expected at most 1 GiB, which is platform.kvCacheGib: 8192 tokens in all; fix: lower models[0].contextTokens or models[0].concurrency",
    ]);
  });

  it("refuses a KV cache, threads and memory that the machine does not have, all at once", () => {
    assert.deepEqual(faultsOf(profileOf({ kvCacheGib: 20, cpuThreads: 8, memoryGib: 64 }), laptop), [
      "platform.cpuThreads: found 8 threads, and 2 cores on this machine; expected 1 to 2; fix: lower it, or remove it: more threads than cores make it slower",
      "platform.memoryGib: found 64 GiB, and 16 GiB on this machine; expected at most 16 GiB; fix: lower it, or remove it to use all there is",
      "platform.kvCacheGib: found 20 GiB beside 0 GiB of weights and 4 GiB for the engine, of 16 GiB of memory; expected at most 12 GiB; fix: write `kvCacheGib: 12` or less, or remove it",
    ]);
  });
});

describe("makePlan with a GPU", () => {
  const gpus = [rtx3090];

  it("uses it when the driver is new enough, and lets vLLM take its share", () => {
    const plan = makePlan(llama(), withLlama({ gpus }));
    assert.deepEqual(plan.local.gpu, { index: 0, name: rtx3090.name, memoryMib: 24_576 });
    assert.deepEqual(plan.local.python, { lock: "cuda", hash: laptop.lockHashes.cuda });
    assert.deepEqual([plan.local.ray.numGpus, plan.local.ray.numCpus], [1, 3]);
    // 24 GiB x 0.9 - 15 - 2.5 leaves 4 whole GiB: 32768 tokens.
    const [model] = plan.models;
    assert.deepEqual([model?.maxModelLen, model?.maxNumSeqs, model?.kvCacheExact], [4096, 8, false]);
    assert.equal(model?.gpuMemoryUtilization, 0.9);
  });

  it("gives vLLM an exact KV cache when one is asked for", () => {
    const [model] = makePlan(llama({ kvCacheGib: 2 }), withLlama({ gpus })).models;
    assert.deepEqual([model?.kvCacheGib, model?.kvCacheExact, model?.maxNumSeqs], [2, true, 4]);
  });

  it("stays on the CPU when told to", () => {
    const plan = makePlan(llama({ accelerator: "cpu" }), withLlama({ gpus }));
    assert.deepEqual([plan.local.accelerator, plan.local.gpu, plan.warnings], ["cpu", undefined, []]);
  });

  it("takes the largest usable one of several, and says that the others idle", () => {
    const many = [
      { ...rtx3090, name: "old", memoryMib: 80_000, driver: "535.183.01" },
      { ...rtx3090, name: "small", memoryMib: 12_288 },
      { ...rtx3090, name: "big", memoryMib: 49_152 },
    ];
    const plan = makePlan(llama(), withLlama({ gpus: many }));
    assert.deepEqual([plan.local.gpu?.index, plan.local.gpu?.name], [2, "big"]);
    assert.deepEqual(plan.warnings, ["of 3 GPUs only big (number 2) is used: this version serves on one"]);
  });

  it("goes to the CPU with a reason when the driver is too old or unreadable", () => {
    for (const driver of ["535.183.01", ""]) {
      const plan = makePlan(profileOf(), { ...laptop, gpus: [{ ...rtx3090, driver }] });
      assert.equal(plan.local.accelerator, "cpu");
      assert.equal(
        plan.warnings[0],
        `NVIDIA GeForce RTX 3090 (24 GiB, driver ${driver}) is not used: its driver is older than 580 (CUDA 13), so the model runs on the CPU`,
      );
    }
  });

  it("refuses `cuda` without a GPU, and with one that is too old", () => {
    const profile = profileOf({ accelerator: "cuda" });
    assert.deepEqual(faultsOf(profile, laptop), [
      "platform.accelerator: found cuda, and no NVIDIA GPU on this machine; expected an NVIDIA GPU with driver 580 or newer (CUDA 13); fix: check that `nvidia-smi` lists the GPU, or write `accelerator: cpu`",
    ]);
    assert.deepEqual(faultsOf(profile, { ...laptop, gpus: [{ ...rtx3090, driver: "570.1" }] }), [
      "platform.accelerator: found cuda, and NVIDIA GeForce RTX 3090 (24 GiB, driver 570.1); expected an NVIDIA GPU with driver 580 or newer (CUDA 13); fix: update the driver, or write `accelerator: cpu`",
    ]);
  });

  it("refuses a model that the GPU cannot hold, without advice on the machine's memory", () => {
    const facts = withLlama({ gpus: [{ ...rtx3090, memoryMib: 12_288 }] });
    assert.deepEqual(faultsOf(llama(), facts), [
      "models[0].source: found org/llama: 15 GiB of weights and 2.5 GiB for the engine, of 10.8 GiB of GPU memory that vLLM may use; expected at least 1 GiB left for the KV cache; fix: use a smaller model, or give it 19 GiB",
    ]);
  });
});

describe("explainPlan", () => {
  it("prints a table and the warnings", () => {
    const facts = withLlama({ gpus: [rtx3090], models: { llama: llama8b } });
    const profile = profileOf(
      {},
      { name: "llama", source: "org/llama" },
      { corsOrigins: ["https://chat.example.org"] },
    );
    assert.equal(
      explainPlan(makePlan(profile, facts)),
      [
        "stack        local (local)",
        "runs on      NVIDIA GeForce RTX 3090 (GPU 0, 24 GiB)",
        "threads      1",
        "files        /run/tokenrack",
        "ports        gateway 8080, serve 8000, rayGcs 6379, rayDashboard 8265, rayClient 10001",
        "model        llama (org/llama at main)",
        "context      4096 tokens",
        "at once      8 requests",
        "KV cache     at least 4 GiB (what is left of 90 % of the GPU)",
        "gateway      http://127.0.0.1:8080",
        "token life   1 h",
        "per user     60 requests a minute, 4 at once",
        "per request  4096 tokens, 4 answers, 2 MiB of body",
        "web origins  https://chat.example.org",
        `warning: ${moves}`,
        "warning: llama: 4096 tokens of context and 8 at once instead of 4096 and 32, since 4 GiB of KV cache hold 32768 tokens",
      ].join("\n"),
    );
  });

  it("names the parsers of a model that is known by its id, and none of a directory with such a name", () => {
    const known = makePlan(profileOf({}, { source: "Qwen/Qwen3-8B" }), withLlama({ gpus: [rtx3090] }));
    assert.deepEqual([known.models[0].toolParser, known.models[0].reasoningParser], ["hermes", "qwen3"]);
    assert.match(explainPlan(known), /^tool calls +parser hermes\nreasoning +parser qwen3$/m);
    for (const source of ["./Qwen3-8B", "builtin:tiny-llama"]) {
      const [model] = makePlan(profileOf({}, { source }), withLlama({ gpus: [rtx3090] })).models;
      assert.deepEqual([model.toolParser, model.reasoningParser], [undefined, undefined]);
    }
  });
});
