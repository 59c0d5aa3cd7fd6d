/** Those of the fifty bad configurations that are well formed and cannot be planned. */
import { bad, goodProxmox, rented, withChanges, type BadConfig } from "./badStacks";

/** One VM with one RTX 3090. */
const single = withChanges(goodProxmox, { "pools[1].count": 1, "hosts[1].gpus": [] });
/** One node with eight A100. */
const eight = withChanges(rented, { pools: [{ name: "gpu", count: 1, card: "a100", gpusPerNode: 8 }] });

export const badPlans: readonly BadConfig[] = [
  {
    ...bad(
      42,
      "more nodes than addresses, and more than there are cards for",
      { "pools[1].count": 3 },
      { "pools[1].count": 3, "pools[1].addresses": ["192.168.2.61-192.168.2.63"] },
    ),
    why: "no selector of machines: VMs are made, as many as the hosts have room and cards for",
  },
  bad(43, "more GPUs than there are", { "models[0].tensorParallel": 2, "models[0].pipelineParallel": 2 }),
  { ...bad(44, "a TP that does not divide the heads", { "models[0].tensorParallel": 3 }), base: eight },
  bad(45, "more memory than a GPU has", { "models[0].gpuMemoryUtilization": 1.5 }),
  {
    ...bad(46, "a context that the cache does not hold", {
      "models[0].source": "Qwen/Qwen3-14B-FP8",
      "models[0].contextTokens": 40_960,
    }),
    base: single,
  },
  {
    ...bad(
      47,
      "code out of a repository, and a card without bfloat16",
      { "models[0].trustRemoteCode": true, "models[0].revision": "main" },
      { "hosts[0].gpus[0].card": "tesla-v100", "models[0].dtype": "bfloat16" },
    ),
    why: "code out of a repository never runs, so `main` is a warning alone; cards below compute capability 8.0 are not in the catalogue",
  },
];
