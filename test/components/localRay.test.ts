import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { LocalRay } from "../../components";
import type { LocalStackPlan } from "../../plan/plan";
import { renderServeConfig } from "../../render/serveConfig";
import { llama } from "../render/plans";
import { isWrapped, record, unknown, type Recorder } from "../support/mocks";
import { settle, valueOf } from "../support/settle";
import { canaries, commandLine, common, input, leaks, otherInputs, outputs, plan, rawInput } from "./cases";

const ofPlan = async (preview: boolean, its: LocalStackPlan = plan): Promise<{ recorder: Recorder; ray: LocalRay }> => {
  const recorder = await record({ preview, outputs });
  const ray = new LocalRay("ray", { plan: its, rayToken: pulumi.secret(canaries.rayToken) });
  await settle(recorder, ray);
  return { recorder, ray };
};

for (const preview of [false, true])
  describe(`LocalRay in ${preview ? "a preview" : "an up"}`, () => {
    let recorder: Recorder;
    let ray: LocalRay;
    beforeEach(async () => ({ recorder, ray } = await ofPlan(preview)));

    it("registers its four commands, in bring-up order, below itself and with no provider of its own", () => {
      const [component, ...children] = recorder.registered;
      assert.deepEqual(
        [component?.type, component?.name, component?.parent, component?.inputs],
        ["tokenrack:index:LocalRay", "ray", "", {}],
      );
      assert.deepEqual(
        children.map(({ type, name, parent, provider, custom }) => [type, name, parent, provider, custom]),
        ["ray-python", "ray-model", "ray-ray", "ray-serve"].map((name) => [
          "command:local:Command",
          name,
          component?.urn,
          "",
          true,
        ]),
      );
    });

    it("takes away what it makes: verbs for create and delete, the old one first", () => {
      const of = (name: string): Record<string, unknown> => otherInputs(recorder.get(name));
      const triggers = [preview ? unknown : "session_1"];
      assert.deepEqual(of("ray-python"), { ...common, create: commandLine("python-install") });
      assert.deepEqual(of("ray-model"), { ...common, create: commandLine("model-provide") });
      const ray = { create: commandLine("ray-start"), delete: commandLine("ray-stop") };
      assert.deepEqual(of("ray-ray"), { ...common, ...ray });
      const serve = { create: commandLine("serve-deploy"), delete: commandLine("serve-delete") };
      assert.deepEqual(of("ray-serve"), { ...common, ...serve, triggers });
      assert.deepEqual(
        recorder.registered.map(({ deleteBeforeReplace }) => deleteBeforeReplace),
        [false, true, true, true, true],
      );
    });

    it("gives Ray its token by stdin alone, as a secret", () => {
      const { stdin } = recorder.get("ray-ray").inputs;
      assert.ok(isWrapped(stdin));
      assert.deepEqual(JSON.parse(String(stdin.value)), { rayToken: canaries.rayToken });
      for (const registration of recorder.registered) {
        assert.deepEqual(leaks(registration), [], registration.name);
        if (registration.name !== "ray-ray") assert.equal(registration.inputs["stdin"], undefined);
      }
    });

    it("registers its public outputs, all of them", async () => {
      const registered = recorder.outputs.get(recorder.get("ray").urn);
      assert.deepEqual(
        registered,
        preview
          ? { deployed: unknown, session: unknown }
          : { deployed: "2026-01-01T00:00:00.000Z", session: "session_1" },
      );
      const publicOutputs = Object.entries(ray).filter(
        ([name, value]) => name !== "urn" && pulumi.Output.isInstance(value),
      );
      assert.deepEqual(publicOutputs.map(([name]) => name).sort(), Object.keys(registered ?? {}).sort());
      assert.equal(await valueOf(ray.deployed), preview ? undefined : "2026-01-01T00:00:00.000Z");
      assert.equal(await valueOf(ray.session), preview ? undefined : "session_1");
    });
  });

describe("LocalRay's inputs", () => {
  it("hold what each verb asks for, and nothing else", async () => {
    const { recorder } = await ofPlan(false);
    assert.deepEqual(input(recorder.get("ray-python")), {
      cacheDirectory: "/house/cache",
      lock: "cpu",
      hash: plan.local.python.hash,
    });
    assert.deepEqual(input(recorder.get("ray-model")), {
      kind: "builtin",
      source: "builtin:tiny-llama",
      cacheDirectory: "/house/cache",
      pythonDirectory: "",
    });
    assert.deepEqual(input(recorder.get("ray-ray")), {
      runDirectory: "/house/run",
      cacheDirectory: "/house/cache",
      pythonDirectory: "/house/cache/python/cpu-1",
      ports: { rayGcs: 16379, rayDashboard: 18265, rayClient: 20001 },
      numCpus: 5,
      numGpus: 0,
      reservedCores: 3,
      objectStoreMib: 128,
    });
    const { serveConfig, ...serve } = input(recorder.get("ray-serve")) as Record<string, unknown>;
    assert.deepEqual(serve, {
      runDirectory: "/house/run",
      cacheDirectory: "/house/cache",
      pythonDirectory: "/house/cache/python/cpu-1",
      gcsPort: 16379,
      dashboardPort: 18265,
    });
    const modelSources = { "tiny-llama": "/house/cache/models/tiny-llama" };
    assert.deepEqual(parse(String(serveConfig)), renderServeConfig(plan, { modelSources }));
  });

  it("name the GPU and wait with a download for Python", async () => {
    const { recorder } = await ofPlan(false, llama);
    const lock = input(recorder.get("ray-python"));
    assert.deepEqual(lock, { cacheDirectory: llama.local.paths.cache, lock: "cuda", hash: "cdcdcdcdcdcd" });
    assert.deepEqual(input(recorder.get("ray-model")), {
      kind: "huggingface",
      source: "org/llama",
      revision: "0123abc",
      cacheDirectory: llama.local.paths.cache,
      pythonDirectory: "/house/cache/python/cpu-1",
      maxModelLen: llama.models[0].maxModelLen,
    });
    const ray = input(recorder.get("ray-ray")) as Record<string, unknown>;
    assert.deepEqual([ray["gpuIndex"], ray["numGpus"]], [0, 1]);
  });

  it("are known in a preview where nothing has to run for them", async () => {
    const { recorder } = await ofPlan(true);
    const known = (name: string): boolean => rawInput(recorder.get(name)) !== unknown;
    assert.deepEqual(["ray-python", "ray-model", "ray-ray", "ray-serve"].map(known), [true, true, false, false]);
  });
});
