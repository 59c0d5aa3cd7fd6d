import assert from "node:assert/strict";
import { formatFault, ProfileError } from "../../../config/errors";
import { missingGpus } from "../../../plan/stages/servedUpgrade";
import { clusterHash } from "../../../render/stages/served/rayService";
import { changed, existing, proxmox } from "../../config/stacks";
import { everything, kept, mixed } from "../../render/stages/served/cases";
import { nodeOf } from "../support/servingPlans";
import { committed, committedServed, servedInput, servedOf, staged } from "./servedCases";

/** Of stage 7; the plan of the whole stack throws them. */
function faultsOf(raw: unknown): readonly string[] {
  try {
    return staged(servedInput(raw)).faults.map(formatFault);
  } catch (error) {
    assert.ok(error instanceof ProfileError, String(error));
    return error.faults.map(formatFault);
  }
}

const notesOf = (raw: unknown): string => servedOf(raw).notes.join("\n");
const groupsOf = (raw: unknown) =>
  servedOf(raw).groups.map(({ name, pool, gpus, hosts, replicas, minReplicas }) => ({
    name,
    pool,
    gpus,
    hosts,
    replicas,
    minReplicas,
  }));

describe("the pods of stage 7", () => {
  it("are one for each replica that has a node to itself, on its pool", () => {
    const { groups } = committedServed("homelab");
    const [group] = groups;
    assert.equal(groups.length, 1);
    assert.deepEqual(
      [group?.name, group?.pool, group?.gpus, group?.hosts, group?.replicas],
      ["gemma-3-27b", "w-gpu", 1, 1, 3],
    );
    assert.deepEqual(group?.scheduling, {
      nodeSelector: { "node.deckhouse.io/group": "w-gpu" },
      tolerations: [{ key: "dedicated.homelab", operator: "Equal", value: "w-gpu", effect: "NoExecute" }],
    });
  });

  it("are several hosts of one replica where its ranks are on several nodes", () => {
    const [group] = committedServed("a100").groups;
    assert.deepEqual([group?.gpus, group?.hosts, group?.replicas], [1, 2, 1]);
  });

  it("have all GPUs of a replica on one node", () => {
    const [group] = committedServed("qwen3-235b").groups;
    assert.deepEqual([group?.gpus, group?.hosts, group?.replicas], [8, 1, 1]);
  });

  it("are apart for each model, each with a resource of its own", () => {
    const plan = servedOf(everything);
    assert.deepEqual(groupsOf(everything), [
      { name: "small", pool: "gpu", gpus: 1, hosts: 1, replicas: 3, minReplicas: 1 },
      { name: "gemma-27b-it", pool: "gpu", gpus: 2, hosts: 1, replicas: 2, minReplicas: 2 },
    ]);
    assert.deepEqual(
      plan.models.map(({ bundles }) => bundles),
      [["small-rank"], ["gemma-27b-it-rank", "gemma-27b-it-rank"]],
    );
  });

  it("are a group each where one replica has unequal cards, and ranks go to bundles in their order", () => {
    const [model] = servedOf(mixed).models;
    assert.deepEqual(
      groupsOf(mixed).map(({ name, pool }) => [name, pool]),
      [
        ["llama-0", "large"],
        ["llama-1", "large"],
        ["llama-2", "little"],
      ],
    );
    assert.deepEqual(model?.bundles, ["llama-0-rank", "llama-1-rank", "llama-2-rank"]);
    assert.equal(model?.environment["VLLM_RAY_BUNDLE_INDICES"], "0,1,2");
    assert.match(model?.environment["VLLM_PP_LAYER_PARTITION"] ?? "", /^\d+,\d+,\d+$/);
    assert.equal(model?.accelerator, undefined);
  });

  it("of a replica on each of two pools with one card are a group a pool", () => {
    const pools = ["a", "b"].map((name) => ({ name, count: 1, card: "a100-80g-pcie", labels: { pool: name } }));
    assert.deepEqual(
      groupsOf({ ...existing, pools }).map(({ name, pool, replicas }) => [name, pool, replicas]),
      [
        ["qwen-qwen3-8b", "a", 1],
        ["qwen-qwen3-8b-1", "b", 1],
      ],
    );
  });

  it("never have a resource that KubeRay would take for a GPU", () => {
    const plan = servedOf(changed(existing, "models[0].name", "my-gpu"));
    assert.deepEqual(
      plan.groups.map(({ resource }) => resource),
      ["my-gpu-rank"],
    );
  });

  it("have memory for Ray, each rank, what is offloaded, and /dev/shm", () => {
    const gib = (raw: unknown): number | undefined => {
      const [group] = servedOf(raw).groups;
      return group === undefined ? undefined : group.memory / 2 ** 30;
    };
    assert.equal(gib(existing), 6 + 6 + 2);
    assert.equal(gib(changed(existing, "models[0].cpuOffloadGib", 3)), 6 + 6 + 2 + 3);
  });
});

describe("the models of stage 7", () => {
  it("are an application each with a path of its own, whatever other models there are", () => {
    assert.deepEqual(servedOf(existing).routes, { "Qwen/Qwen3-8B": "/qwen-qwen3-8b" });
    const plan = servedOf(everything);
    assert.deepEqual(plan.routes, { small: "/small", "gemma.27b/it": "/gemma-27b-it" });
    assert.deepEqual(
      plan.models.map(({ application }) => application),
      ["llm-small", "llm-gemma-27b-it"],
    );
  });

  it("have names short enough for what is made of them, and apart", () => {
    const long = "a".repeat(90);
    const models = [`${long}1`, `${long}2`].map((name) => ({
      source: "Qwen/Qwen3-8B",
      name,
      revision: "v1",
      replicas: 1,
    }));
    const plan = servedOf({ ...existing, models });
    const names = plan.groups.map(({ name }) => name);
    assert.equal(new Set(names).size, 2);
    for (const name of names) assert.match(name, /^a{31}-[0-9a-f]{8}$/);
  });

  it("name the card only where Ray has a name for it, and where pods do not come and go", () => {
    const card = (raw: unknown): string | undefined => servedOf(raw).models[0]?.accelerator;
    assert.equal(card(existing), "A100");
    assert.equal(card(changed(existing, "pools[0].card", "a800-80g-pcie")), undefined);
    assert.equal(card(changed(existing, "pools[0].card", "rtx-3090")), undefined);
    assert.equal(card(changed(existing, "models[0].autoscaling", { minReplicas: 1 })), undefined);
  });

  it("scale to a real number of requests: as asked, else what the speeds are for", () => {
    const scaling = (wish: object) => servedOf(changed(existing, "models[0].autoscaling", wish)).models[0]?.autoscaling;
    assert.deepEqual(scaling({ minReplicas: 0, targetOngoingRequests: 5, idleSeconds: 90 }), {
      minReplicas: 0,
      maxReplicas: 2,
      target: 5,
      idleSeconds: 90,
    });
    assert.equal(scaling({ minReplicas: 1 })?.target, 4);
  });

  it("that see take one image and nothing else, unless more is asked for", () => {
    const limits = (multimodal?: object) =>
      servedOf(changed(everything, "models[1].multimodal", multimodal)).models.map((model) => model.multimodal);
    assert.deepEqual(limits(), [undefined, { audio: 0, image: 1, video: 0 }]);
    assert.deepEqual(limits({ images: 4, videos: 1 }), [undefined, { audio: 0, image: 4, video: 1 }]);
    assert.deepEqual(limits({ images: 0 })[1], { audio: 0, image: 0, video: 0 });
  });

  it("have caches apart by what they are compiled for", () => {
    const cache = (raw: unknown): string | undefined => servedOf(raw).models[0]?.cache;
    const base = cache(existing);
    assert.match(base ?? "", /^\/cache\/qwen-qwen3-8b\/[0-9a-f]{16}$/);
    const others = [
      changed(existing, "models[0].revision", "v2"),
      changed(existing, "models[0].contextTokens", 4096),
      changed(existing, "pools[0].card", "h100-80g-pcie"),
      changed(existing, "images", { ray: "registry.lan/ray:1" }),
    ].map(cache);
    assert.equal(new Set([base, ...others]).size, 5);
  });
});

describe("an upgrade in stage 7", () => {
  it("comes up beside the old cluster when every pod finds free GPUs a second time", () => {
    const raw = changed(existing, "models[0].replicas", 1);
    assert.deepEqual(servedOf(raw).upgrade, {
      kind: "newCluster",
      clusterSeconds: 0,
      modelSeconds: { "Qwen/Qwen3-8B": 65 },
    });
  });

  it("stops the old cluster when they are all in use, and says for how long", () => {
    const { upgrade } = servedOf(existing);
    assert.equal(upgrade.kind, "inPlace");
    assert.ok(upgrade.clusterSeconds > 90 && upgrade.clusterSeconds < 300, String(upgrade.clusterSeconds));
    assert.equal(upgrade.modelSeconds["Qwen/Qwen3-8B"], 0);
    assert.match(
      notesOf(existing),
      /pool gpu has 0 free GPUs of 2\): about 3 min without an answer, in which the gateway says 503/,
    );
  });

  it("counts free GPUs node by node: eight free ones on two nodes hold no pod of eight", () => {
    const gpus = [...nodeOf("a", "a100", 8), ...nodeOf("b", "a100", 8), ...nodeOf("c", "a100", 8)];
    const used = (busy: readonly string[], replicas = 1) => {
      const idle = gpus.filter(({ id }) => !busy.includes(id)).map(({ id }) => ({ gpu: id, reason: "" }));
      const [group] = committedServed("qwen3-235b").groups;
      assert.ok(group !== undefined);
      const pods = [{ ...group, pool: "a100-80g-sxm", replicas }];
      const hardware = { gpus, network: { gbitPerSecond: 100, rdma: true } };
      return missingGpus(pods, hardware, { models: [], idle });
    };
    const first = ["a", "b"].flatMap((node) => [0, 1, 2, 3].map((index) => `${node}/${index}`));
    assert.equal(used(first), undefined);
    assert.deepEqual(used(first, 2), { pool: "a100-80g-sxm", needed: 16, free: 16 });
    assert.deepEqual(used([...first, "c/0"]), { pool: "a100-80g-sxm", needed: 8, free: 15 });
  });

  it("is refused where a second cluster was asked for and would wait for ever", () => {
    assert.deepEqual(faultsOf(changed(existing, "serving", { upgrade: "newCluster" })), [
      "serving.upgrade: found newCluster, with 0 free GPUs in pool gpu; expected 2 free GPUs in pool gpu, as many as the models use: a second cluster would wait for them for ever; fix: write `upgrade: auto`, or give the models fewer replicas",
    ]);
    assert.equal(
      servedOf(changed(changed(existing, "models[0].replicas", 1), "serving", { upgrade: "inPlace" })).upgrade.kind,
      "inPlace",
    );
  });
});

describe("warming in stage 7", () => {
  const jobs = (raw: unknown) => servedOf(raw).models.map(({ warm }) => warm?.job);

  it("is planned where the cache gains, or several replicas would compile at once, and is told", () => {
    assert.match(
      committedServed("homelab").notes[0] ?? "",
      /gemma-3-27b: its compile cache is filled by a start .*: [\d,]+ KV tokens more/,
    );
    assert.match(notesOf(existing), /2 replicas start in some 48 s instead of 61 s/);
  });

  it("is not planned for one replica that gains little, nor without compilation", () => {
    assert.deepEqual(jobs(changed(existing, "models[0].replicas", 1)), [undefined]);
    assert.deepEqual(jobs(changed(existing, "models[0].enforceEager", true)), [undefined]);
  });

  it("is not planned for a replica over several nodes, which is told with what its second start gains", () => {
    const plan = committedServed("a100");
    assert.equal(plan.models[0]?.warm, undefined);
    assert.match(
      plan.notes[0] ?? "",
      /several nodes is not warmed beforehand; its second start has [\d,]+ KV tokens more/,
    );
  });

  it("is left out where it is not wanted", () => {
    assert.deepEqual(jobs(changed(existing, "serving", { warmCompileCache: "never" })), [undefined]);
  });

  it("has a Job of another name for another cache", () => {
    assert.notDeepEqual(jobs(existing), jobs(changed(existing, "models[0].contextTokens", 4096)));
  });
});

describe("faults of stage 7", () => {
  it("are none in the committed stacks", () => {
    for (const stack of committed) assert.deepEqual(committedServed(stack).models.length, 1);
    assert.deepEqual(faultsOf(everything), []);
    assert.deepEqual(faultsOf(mixed), []);
    assert.deepEqual(faultsOf(kept), []);
  });

  it("name a store without a volume", () => {
    assert.deepEqual(faultsOf(changed(existing, "serving", { faultTolerance: "redis" })), [
      "serving.redisStorageGib: found nothing, with `faultTolerance: redis`; expected the size of the volume that keeps the head's state: without one it is lost with its pod; fix: write `redisStorageGib: 1`",
    ]);
    assert.match(notesOf(existing), /faultTolerance is off: when Ray's head dies, every model starts again/);
    assert.doesNotMatch(notesOf(kept), /faultTolerance is off/);
  });

  it("name two models of one path", () => {
    const models = ["a.b", "a-b"].map((name) => ({ source: "Qwen/Qwen3-8B", name, revision: "v1", replicas: 1 }));
    assert.deepEqual(faultsOf({ ...existing, models }), [
      'models[1].name: found text "a-b", of which the path is "/a-b", as of models[0].name; expected a name whose letters and digits are its own; fix: give the model another `name`',
    ]);
  });

  it("name more replicas than there is room for, and autoscaling over several nodes", () => {
    assert.deepEqual(faultsOf(changed(existing, "models[0].autoscaling", { minReplicas: 3 })), [
      "models[0].autoscaling.minReplicas: found 3 replicas; expected at most the 2 replicas that the plan has room for; fix: write 2",
    ]);
    const over = changed(changed(existing, "models[0].pipelineParallel", 2), "models[0].autoscaling", {
      minReplicas: 0,
    });
    assert.match(
      faultsOf(over).join("\n"),
      /^models\[0\]\.autoscaling: found a model whose replicas are over several nodes/,
    );
  });

  it("name nodes that are too small for the pods of their models", () => {
    const small = changed(changed(proxmox, "pools[1].memoryGib", 14), "pools[1].cores", 3);
    assert.deepEqual(faultsOf(small), [
      "pools[1].memoryGib: found 14 GiB; expected at least 17 GiB for the pods of its models; fix: write 17",
      "pools[1].cores: found 3 threads; expected at least 4 threads for the pods of its models; fix: write 4",
    ]);
  });
});

describe("the hash of a Ray cluster", () => {
  it("is another one for other counts of pods or tolerations, which KubeRay overlooks, and not for another Serve config", () => {
    const hash = (raw: unknown): string => clusterHash(servedOf(raw));
    const base = hash(existing);
    assert.equal(hash(changed(existing, "models[0].contextTokens", 4096)), base);
    assert.notEqual(hash(changed(existing, "models[0].replicas", 1)), base);
    assert.notEqual(hash(changed(existing, "pools[0].taints", [{ key: "gpu" }])), base);
  });
});
