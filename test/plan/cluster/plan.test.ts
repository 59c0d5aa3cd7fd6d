import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { formatFault, ProfileError } from "../../../config/errors";
import { parseProfile } from "../../../config/parse";
import { profileFromYaml } from "../../../config/stackFile";
import { makePlan, type ClusterPlan } from "../../../plan/plan";
import { changed, existing, messageOf, minimal, proxmox } from "../../config/stacks";
import { laptop } from "../cases";

const noFacts = { modelConfigs: {} };
const planOf = (raw: unknown): ClusterPlan => makePlan(parseProfile(raw), noFacts);
const committed = (stack: string): ClusterPlan => {
  const text = readFileSync(join(__dirname, "../../..", `Pulumi.${stack}.yaml`), "utf8");
  return makePlan(profileFromYaml(text, stack), noFacts);
};

function faultsOf(raw: unknown): readonly string[] {
  try {
    planOf(raw);
  } catch (error) {
    assert.ok(error instanceof ProfileError, String(error));
    return error.faults.map(formatFault);
  }
  return [];
}

const model = (keys: object, base: object = proxmox) => changed(base, "models[0]", { revision: "v1", ...keys });
const eight = { ...existing, pools: [{ name: "gpu", count: 1, card: "a100", gpusPerNode: 8 }] };
const single = changed(changed(proxmox, "pools[1].count", 1), "hosts[1].gpus", []);

describe("makePlan on a cluster", () => {
  it("places, serves and guards", () => {
    const plan = planOf(changed(proxmox, "pools[1].taint", { key: "dedicated", effect: "NoExecute" }));
    assert.ok(plan.platform === "proxmox");
    assert.deepEqual([plan.stack, plan.placement.vms.length, plan.hardware.gpus.length], ["local", 3, 2]);
    assert.deepEqual(plan.pools[1], {
      name: "w-gpu",
      role: "gpu",
      count: 2,
      gpusPerNode: 1,
      taints: [{ key: "dedicated", effect: "NoExecute" }],
      labels: {},
    });
    const [served] = plan.serving.models;
    assert.ok(served !== undefined);
    const { limits, ...gateway } = plan.gateway;
    assert.deepEqual(gateway, {
      ...{ audience: "tokenrack/local", lifetimeSeconds: 3600, corsOrigins: [], firstUser: "admin" },
      ...{ readinessModel: "Qwen/Qwen3-8B-AWQ", publicHost: "llm.lan", tlsIssuer: "inter-ca" },
    });
    assert.equal(limits.inFlight, 2 * served.replicas * served.engine.maxNumSeqs);
    assert.equal(limits.maxTokens, Math.min(4096, served.engine.maxModelLen));
  });

  it("is the same for the same stack, and plain data", () => {
    const plan = planOf(proxmox);
    assert.deepEqual(planOf(structuredClone(proxmox)), plan);
    assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
  });

  it("warns of a revision that moves, and of a share that leaves nothing", () => {
    const raw = model({ source: "Qwen/Qwen3-8B-AWQ", revision: undefined, gpuMemoryUtilization: 0.97 });
    const { warnings } = planOf(raw);
    assert.ok(
      warnings.includes("models[0].revision is main, which moves: name a commit to get the same model every time"),
    );
    assert.ok(
      warnings.includes(
        "models[0].gpuMemoryUtilization is 0.97: above 0.95 the engine may run out of memory under load",
      ),
    );
  });

  it("takes facts of its own platform only", () => {
    assert.throws(() => makePlan(parseProfile(proxmox), laptop), TypeError);
    assert.throws(() => makePlan(parseProfile(minimal), noFacts), TypeError);
  });
});

describe("the committed stacks", () => {
  const layouts: Readonly<Record<string, readonly [string, number, number]>> = {
    a100: ["deepseek-r1-70b", 1, 2],
    "qwen3-235b": ["qwen3-235b", 8, 1],
  };
  for (const [stack, [name, tensorParallel, pipelineParallel]] of Object.entries(layouts))
    it(`${stack} has a plan: ${name} at TP ${tensorParallel} and PP ${pipelineParallel}`, () => {
      const plan = committed(stack);
      const [served] = plan.serving.models;
      assert.deepEqual([plan.stack, plan.platform, served?.name], [stack, "existing", name]);
      assert.deepEqual(served?.layout, { tensorParallel, pipelineParallel });
    });

  it("homelab has a plan: sixteen VMs, Gemma on the large cards, the small one left and said so", () => {
    const plan = committed("homelab");
    assert.ok(plan.platform === "proxmox");
    const { vms, hosts, spareGpus, warnings } = plan.placement;
    assert.deepEqual([vms.length, hosts.length, spareGpus, warnings], [16, 10, [], []]);
    const [served] = plan.serving.models;
    assert.equal(served?.name, "gemma-3-27b");
    assert.ok(served.ranks.every(({ node }) => node.startsWith("w-gpu-") && !node.startsWith("w-gpu-3060")));
    assert.ok(plan.serving.idle.some(({ gpu }) => gpu === "w-gpu-3060-1/0"));
  });
});

describe("makePlan on a cluster refuses", () => {
  const cases: readonly (readonly [string, unknown, readonly RegExp[]])[] = [
    [
      "42: more nodes than the hosts have cards for, and says nothing of models then",
      {
        ...changed(changed(proxmox, "pools[1].count", 3), "pools[1].addresses", ["192.168.2.61-192.168.2.63"]),
        models: [{ source: "Qwen/Qwen3-8B-AWQ", replicas: 3 }],
      },
      [/^pools\[1\]\.count: found 3 nodes x 1 x rtx-3090; expected at most 2 nodes: /],
    ],
    [
      "43: more GPUs than there are",
      model({ source: "Qwen/Qwen3-8B-AWQ", tensorParallel: 2, pipelineParallel: 2 }),
      [/^models\[0\]\.tensorParallel: found TP 2 x PP 2 x 1 replica = 4 GPUs; expected at most 2 GPUs: .*w-gpu-1/],
    ],
    [
      "44: a TP that does not divide the heads",
      model({ source: "Qwen/Qwen3-8B", tensorParallel: 3 }, eight),
      [/^models\[0\]\.tensorParallel: found TP 3 and 32 attention heads.*expected a TP that divides 32.*nearest/],
    ],
    [
      "46: a context that the cache does not hold",
      model({ source: "Qwen/Qwen3-14B-FP8", contextTokens: 40_960 }, single),
      [/^models\[0\]\.contextTokens: found 40,?960 tokens, which need .* GiB of KV cache.* on one RTX 3090/],
    ],
    [
      "46: weights that no GPU holds",
      model({ source: "Qwen/Qwen3-14B" }, single),
      [/^models\[0\]\.source: found Qwen\/Qwen3-14B: .* GiB of weights on one RTX 3090.*/],
    ],
    [
      "unknown cards and models, all at once, and not what follows from them",
      {
        ...changed(proxmox, "hosts[0].gpus[0].card", "rtx-3099"),
        models: [{ source: "org/unknown" }, { source: "org/other" }],
      },
      [
        /^hosts\[0\]\.gpus\[0\]\.card: found text "rtx-3099", /,
        /^models\[0\]\.source: found text "org\/unknown", /,
        /^models\[1\]\.source: found text "org\/other", /,
      ],
    ],
  ];
  for (const [title, raw, patterns] of cases)
    it(title, () => {
      const faults = faultsOf(raw);
      assert.equal(faults.length, patterns.length, faults.join("\n"));
      patterns.forEach((pattern, index) => assert.match(faults[index] ?? "", pattern));
    });

  it("47: bfloat16 on a card without it is the planner's: every card of the catalogue has it", () => {
    assert.doesNotThrow(() => planOf(model({ source: "Qwen/Qwen3-8B-AWQ", dtype: "bfloat16" })));
    assert.match(
      messageOf(() => planOf(model({ source: "Qwen/Qwen3-8B-AWQ", trustRemoteCode: true }))),
      /code out of a model's repository is not run/,
    );
  });
});
