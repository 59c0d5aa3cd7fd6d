import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { bytes, type Bytes } from "../../../catalog/units";
import type { RankMemory } from "../../../plan/memory";
import type { Paint } from "../../../plan/explain/paint";
import { explainCluster } from "../../../plan/explain/serving";
import type { ClusterView } from "../../../plan/explain/view";
import {
  bridged,
  eightA100,
  homelab,
  large,
  nodeOf,
  proxmoxHomelab,
  servingPlan,
  viewOf,
} from "../support/servingPlans";

const views: Readonly<Record<string, () => ClusterView>> = { homelab, eightA100, large, bridged, proxmoxHomelab };

const red = (text: string): string => `\u001b[31m${text}\u001b[39m`;
const allRed: Paint = {
  strong: red,
  dim: red,
  good: red,
  warn: red,
  segment: { weights: red, activations: red, graphs: red, kv: red, free: red },
};

/** The homelab with memory of round numbers, so that the text below does not follow the planner's estimates. */
function rounded(): ClusterView {
  const view = proxmoxHomelab();
  const gib = (n: number): Bytes => bytes(n * 2 ** 30);
  const none = bytes(0);
  const rank = (weights: number, activations: number): RankMemory => ({
    budget: gib(21),
    weights: { layers: gib(weights), embedding: none, head: none, vision: none, rope: none, total: gib(weights) },
    nonTorch: gib(0.25),
    activations: gib(activations - 0.25),
    graphs: gib(0.5),
    kvCache: gib(20.5 - weights - activations),
    missing: none,
  });
  const ranks = [rank(17, 1), rank(16, 1), rank(17.5, 2)];
  const warm = { ranks, kv: { blocks: 750, sequences: 1.25, tokens: 5120, holdsOne: true }, fits: true };
  const cold = { ...warm, kv: { ...warm.kv, holdsOne: false }, fits: false };
  const models = view.serving.models.map((plan) => ({
    ...plan,
    memory: { warm, cold: { ...cold, kv: { ...cold.kv, tokens: 3072 } } },
  }));
  return { ...view, serving: { ...view.serving, models } };
}

describe("a cluster's plan as text", () => {
  it("says what fits, where, how large, how fast, what bounds it, and what to know", () => {
    assert.equal(
      explainCluster(rounded()),
      `homelab  fits: 1 model on 3 of 4 GPUs
3 nodes with 1 x RTX 3090 each, 1 node with 1 x RTX 3060 12GB, 10 GbE

gemma-3-27b  google/gemma-3-27b-it, 16 bit
  layout     TP 1 x PP 3, 1 replica of 3 GPUs on several nodes
  context    4,096 tokens (the model's own: 131,072), 16 slots
  KV cache   5,120 tokens: 1.3 full-length sequences; the first start does not
             fit, with a cold compile cache
  speed      first token         3.1 s   prompt 4,096  bound by compute
             1 request     22 tokens/s  46 ms a token  bound by memory bandwidth
             8 requests   121 tokens/s  66 ms a token  bound by memory bandwidth

  GPU      card      rank  GiB of 23.6                     █    ▓    ▒    ░    ·
  gpu-1/0  RTX 3090  PP0   ██████████████████▓▒░······  17.0  1.0  0.5  0.3  4.8
  gpu-2/0  RTX 3090  PP1   █████████████████▓▒░·······  16.0  1.0  0.5  0.4  5.7
  gpu-3/0  RTX 3090  PP2   ███████████████████▓▓▒░····  17.5  2.0  0.5  0.3  3.3
  █ weights  ▓ activations  ▒ CUDA graphs  ░ KV cache  · free

  not taken  (does not fit) TP 3 on RTX 3090 over 10 Gb/s Ethernet: 3 does not
             divide the 32 attention heads; 2 and 4 do
             (does not fit) TP 2 on RTX 3090 over 10 Gb/s Ethernet: 25.9 GiB of
             weights on each GPU, and 21.2 GiB are its share; over 10 GbE it
             would give 4 tokens/s
             1 more with --why

  idle       gpu-small/0: RTX 3060 12GB, 12 GiB: 12 GB beside three cards of 24
             GB would set the pace of all; Qwen/Qwen3-8B-AWQ would fit on it
             with 16,384 tokens of context
  4 hosts    7 VMs, which one where with --why
  in no VM   rtx-3060 at 0000:02:00.0 on pve-4

! gemma-3-27b: at the first start the compile cache is cold and 6,144 KV tokens
  fewer fit`,
    );
  });

  for (const [name, view] of Object.entries(views))
    describe(`of ${name}`, () => {
      it("is within 80 columns, or 100 with long names, without trailing spaces", () => {
        const widest = Math.max(
          ...explainCluster(view())
            .split("\n")
            .map(({ length }) => length),
        );
        assert.ok(widest <= (name === "large" ? 100 : 80), `${widest} columns`);
        assert.doesNotMatch(explainCluster(view()), / $/m);
      });

      it("uses more columns when it may, never more than it may", () => {
        const lines = explainCluster(view(), { width: 100, why: true }).split("\n");
        assert.ok(lines.every(({ length }) => length <= 100));
        assert.ok(lines.some(({ length }) => length > 80));
      });

      it("is the same text with colours", () => {
        const coloured = explainCluster(view(), { paint: allRed });
        assert.notEqual(coloured, explainCluster(view()));
        assert.equal(stripVTControlCharacters(coloured), explainCluster(view()));
      });

      it("is the same each time", () => assert.equal(explainCluster(view()), explainCluster(view())));
    });

  it("shows all layouts, reasons and settings to those who ask why", () => {
    const short = explainCluster(homelab());
    assert.match(short, /1 more with --why/);
    assert.doesNotMatch(short, /PP 2 on RTX 3090|NCCL_IB_DISABLE|two all-reduces/);
    const long = explainCluster(homelab(), { why: true });
    assert.match(long.replace(/\s+/g, " "), /no tool parser, no reasoning parser/);
    assert.match(long, /PP 2 on RTX 3090/);
    assert.match(long, /NCCL_IB_DISABLE=1/);
    assert.match(long, /two all-reduces/);
    assert.doesNotMatch(long, /--why/);
  });

  it("says what runs on each host to those who ask why", () => {
    const text = explainCluster(proxmoxHomelab(), { why: true, width: 100 });
    assert.match(text, / pve-1: master-1, gpu-1 \(rtx-3090 at 0000:01:00\.0\); 16 of 24 cores, 56 of 60 GiB\n/);
    assert.match(text, /in no VM +rtx-3060 at 0000:02:00\.0 on pve-4/);
  });

  it("draws a smaller card's bar shorter", () => {
    const gpus = [...nodeOf("a", "3090", 1), ...nodeOf("b", "3060", 1)];
    const plan = servingPlan({ model: "Qwen/Qwen3-8B", gpus, pipelineParallel: 2 });
    const lines = explainCluster(viewOf("mixed", { gpus, network: { gbitPerSecond: 10, rdma: false } }, [plan])).split(
      "\n",
    );
    const cells = (gpu: string): number =>
      lines.find((line) => line.startsWith(`  ${gpu} `))?.replace(/[^█▓▒░·]/g, "").length ?? 0;
    assert.ok(Math.abs(cells("a/0") - 2 * cells("b/0")) <= 2, `${cells("a/0")} and ${cells("b/0")}`);
  });

  it("names the model in a warning where there are several", () => {
    const view = large();
    const models = view.serving.models.map((plan) => ({ ...plan, warnings: ["it is tight"] }));
    const text = explainCluster({ ...view, serving: { ...view.serving, models } });
    assert.match(text, /^! deepseek-ai\/DeepSeek-R1: it is tight$/m);
  });

  it("adds up the replicas, and shows one request only once", () => {
    assert.match(explainCluster(bridged()), /3 replicas +363 tokens\/s +with 24 requests/);
    const view = bridged();
    const [plan] = view.serving.models;
    assert.ok(plan);
    const alone = { ...plan, speed: { ...plan.speed, concurrency: 1 } };
    const text = explainCluster({ ...view, serving: { ...view.serving, models: [alone] } });
    assert.equal(text.match(/1 request /g)?.length, 1);
    assert.match(text, /with 3 requests/);
  });

  it("tells a first start that does not fit from one with less cache", () => {
    assert.match(
      explainCluster(homelab()).replace(/\s+/g, " "),
      /the first start does not fit, with a cold compile cache/,
    );
    assert.match(
      explainCluster(bridged()).replace(/\s+/g, " "),
      /; [\d,]+ at the first start, with a cold compile cache/,
    );
    const view = bridged();
    const gpus = view.hardware.gpus.slice(0, 1);
    const plan = servingPlan({ model: "Qwen/Qwen3-8B", gpus });
    const same = { ...plan, memory: { warm: plan.memory.warm, cold: plan.memory.warm } };
    const text = explainCluster({
      ...view,
      hardware: { ...view.hardware, gpus },
      serving: { models: [same], idle: [] },
    });
    assert.doesNotMatch(text, /first start/);
  });

  it("says each warning once", () => {
    const view = homelab();
    const text = explainCluster({ ...view, warnings: view.serving.models.flatMap(({ warnings }) => warnings) });
    assert.equal(text.match(/^! /gm)?.length, 1);
  });
});
