import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gpuModels } from "../../../../catalog/gpus";
import { rayAccelerator } from "../../../../catalog/rayAccelerators";
import { slug } from "../../../../plan/stages/names";
import { engineKwargs, llmConfig, serveConfigOf } from "../../../../render/stages/served/serveConfig";
import { changed, existing } from "../../../config/stacks";
import { committed, committedServed, servedOf } from "../../../plan/stages/servedCases";
import { assertGolden } from "../golden";
import { everything, kept, mixed } from "./cases";

interface Classes {
  readonly known: Readonly<
    Record<"accelerators" | "autoscaling" | "engine" | "llmConfig" | "lora" | "modelLoading", string[]>
  >;
}
const { known } = JSON.parse(readFileSync(join(__dirname, "classes.json"), "utf8")) as Classes;

const all = [...committed.map(committedServed), ...[everything, mixed, kept].map(servedOf)];
const models = all.flatMap((plan) => plan.models);

/** A value inside plain data. */
const at = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce(
    (inner, key) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );

const keysAt = (value: unknown, ...path: readonly string[]): readonly string[] => Object.keys(at(value, ...path) ?? {});
const unknownOf = (keys: readonly string[], of: readonly string[]): readonly string[] =>
  keys.filter((key) => !of.includes(key));

describe("the Serve config of a cluster", () => {
  for (const stack of committed)
    it(`of ${stack} is as it was`, () => {
      assertGolden(`served/serve.${stack}.yaml`, serveConfigOf(committedServed(stack)));
    });

  it("has only keys that Ray's and vLLM's classes know", () => {
    for (const model of models) {
      const config = llmConfig(model);
      assert.deepEqual(unknownOf(Object.keys(config), known.llmConfig), []);
      assert.deepEqual(unknownOf(keysAt(config, "engine_kwargs"), known.engine), []);
      assert.deepEqual(unknownOf(keysAt(config, "lora_config"), known.lora), []);
      assert.deepEqual(unknownOf(keysAt(config, "model_loading_config"), known.modelLoading), []);
      assert.deepEqual(unknownOf(keysAt(config, "deployment_config", "autoscaling_config"), known.autoscaling), []);
    }
  });

  it("names cards only as Ray does, and no GeForce", () => {
    for (const { id } of gpuModels) {
      const name = rayAccelerator(id);
      if (name !== undefined) assert.ok(known.accelerators.includes(name), name);
      if (id.startsWith("rtx") || id.startsWith("a800")) assert.equal(name, undefined, id);
    }
    assert.equal(rayAccelerator("a100-80g-sxm"), "A100");
  });

  it("has an application for each model, so that a change of one leaves the others as they are", () => {
    const before = serveConfigOf(servedOf(everything));
    const after = serveConfigOf(servedOf(changed(everything, "models[1].contextTokens", 4096)));
    assert.deepEqual(at(before, "applications", 0), at(after, "applications", 0));
    assert.notDeepEqual(at(before, "applications", 1), at(after, "applications", 1));
    assert.deepEqual(at(before, "applications", 1, "route_prefix"), "/gemma-27b-it");
    assert.equal(
      at(before, "applications", 1, "args", "llm_configs", 0, "model_loading_config", "model_id"),
      "gemma.27b/it",
    );
  });

  it("has a bundle for each rank, bound to the pods of its model", () => {
    for (const plan of all) {
      for (const model of plan.models) {
        const config = llmConfig(model);
        const bundles = at(config, "placement_group_config", "bundles");
        const { tensorParallel, pipelineParallel } = model.layout;
        const resources = plan.groups.filter((group) => group.model === model.name).map(({ resource }) => resource);
        assert.ok(Array.isArray(bundles) && bundles.length === tensorParallel * pipelineParallel);
        for (const [rank, bundle] of bundles.entries()) {
          const resource = model.bundles[rank] ?? "";
          assert.ok(resources.includes(resource));
          assert.deepEqual(bundle, { CPU: 1, GPU: 1, [resource]: 1 });
        }
      }
    }
  });

  it("never scales by Ray's default, and sends requests that begin alike to one replica", () => {
    const [small, gemma] = servedOf(everything).models.map((model) => at(llmConfig(model), "deployment_config"));
    assert.deepEqual(at(small, "autoscaling_config"), {
      downscale_delay_s: 600,
      max_replicas: 3,
      min_replicas: 1,
      target_ongoing_requests: 6,
      upscale_delay_s: 10,
    });
    assert.equal(at(gemma, "num_replicas"), 2);
    assert.equal(at(gemma, "autoscaling_config"), undefined);
    assert.match(String(at(gemma, "request_router_config", "request_router_class")), /PrefixCacheAffinityRouter$/);
    const [alone] = committedServed("a100").models;
    assert.ok(alone !== undefined);
    assert.equal(at(llmConfig(alone), "deployment_config", "request_router_config"), undefined);
  });

  it("carries what was asked for to the engine", () => {
    const [small, gemma] = servedOf(everything).models;
    assert.ok(small !== undefined && gemma !== undefined);
    const { lora_config, model_loading_config } = llmConfig(small);
    assert.deepEqual(lora_config, {
      dynamic_lora_loading_path: "s3://adapters/small",
      max_num_adapters_per_replica: 2,
    });
    assert.deepEqual(model_loading_config, { model_id: "small", model_source: `/models/${slug("Qwen/Qwen3-8B")}--v1` });
    const kwargs = engineKwargs(small);
    const wanted = {
      tool_call_parser: "hermes",
      enable_auto_tool_choice: true,
      reasoning_parser: "qwen3",
      cpu_offload_gb: 2,
    };
    const lora = { enable_lora: true, max_lora_rank: 16, max_loras: 2 };
    for (const [key, value] of Object.entries({ ...wanted, ...lora })) assert.equal(kwargs[key], value, key);
    assert.deepEqual(engineKwargs(gemma)["limit_mm_per_prompt"], { audio: 0, image: 4, video: 0 });
  });

  it("leaves block size and caching to an engine with linear attention", () => {
    const [model] = servedOf(existing).models;
    assert.ok(model !== undefined);
    const kwargs = engineKwargs({ ...model, explicitCaching: false });
    for (const key of ["block_size", "enable_prefix_caching", "enable_chunked_prefill"]) {
      assert.ok(!(key in kwargs), key);
      assert.ok(key in engineKwargs(model), key);
    }
  });
});
