import assert from "node:assert/strict";
import { stageManifests } from "../../../e2e/support/stageManifests";
import { planStages } from "../../../plan/stages";
import { openWebUiValues } from "../../../render/stages/chatOpenWebUi";
import { gpuOperatorValues, hamiValues, powerLimit } from "../../../render/stages/gpuStack";
import { kubeRayValues } from "../../../render/stages/kubeRay";
import type { Json } from "../../../render/text";
import { changed, existing } from "../../config/stacks";
import { stageInput } from "../../plan/stages/cases";
import { everything } from "./served/cases";

/** A stack with every pod that there can be, but for one of the two pages. */
const stack = {
  ...everything,
  serving: { faultTolerance: "redis", redisStorageGib: 1 },
  chat: { kind: "lobeChat", host: "chat.lan" },
};

/** Specs of pods anywhere in an object, with the names of their containers. */
function podsIn(data: Json): readonly { readonly names: string; readonly pull: Json }[] {
  if (typeof data !== "object" || data === null) return [];
  if (Array.isArray(data)) return data.flatMap(podsIn);
  const fields = data as { readonly [key: string]: Json };
  const { containers, imagePullSecrets = [] } = fields;
  const inside = Object.values(fields).flatMap(podsIn);
  if (!Array.isArray(containers)) return inside;
  const names = containers.map((one) => String(Reflect.get(one as object, "name"))).join(" ");
  return [...inside, { names, pull: imagePullSecrets }];
}

const pulls = (raw: object) =>
  stageManifests(stageInput(raw)).flatMap((manifest) => podsIn(manifest as unknown as Json));

describe("images from a registry with a login", () => {
  it("are pulled by the named Secret in every pod of ours, and by none where none is named", () => {
    const pods = pulls({ ...stack, imagePullSecret: "registry" });
    const kinds = [...new Set(pods.map(({ names }) => names))].sort();
    assert.deepEqual(kinds, ["chat", "download", "gateway", "ray-head", "ray-worker", "valkey", "warm"]);
    for (const { names, pull } of pods) assert.deepEqual(pull, [{ name: "registry" }], names);
    for (const { names, pull } of pulls(stack)) assert.deepEqual(pull, [], names);
  });

  it("are pulled by it in every pod of the charts", () => {
    const page = { kind: "openWebUi", host: "chat.lan", adminEmail: "a@my.org" };
    const raw = { ...existing, gpu: { mode: "hami" }, chat: page, imagePullSecret: "registry" };
    const { gpuStack, kubeRay, chat } = planStages(stageInput(raw)).plan;
    const { operator, hami } = gpuStack;
    assert.ok(operator !== undefined && hami !== undefined && chat?.kind === "openWebUi");
    const named = [{ name: "registry" }];
    assert.deepEqual(kubeRayValues(kubeRay)["imagePullSecrets"], named);
    assert.deepEqual(openWebUiValues(chat)["imagePullSecrets"], named);
    assert.deepEqual(hamiValues(hami)["global"], { imagePullSecrets: ["registry"] });
    const values = gpuOperatorValues(operator) as Readonly<Record<string, { readonly imagePullSecrets?: Json }>>;
    const told = Object.entries(values).flatMap(([part, value]) =>
      value.imagePullSecrets === undefined ? [] : [part],
    );
    assert.deepEqual(told, [
      "dcgm",
      "dcgmExporter",
      "devicePlugin",
      "driver",
      "gfd",
      "migManager",
      "node-feature-discovery",
      "operator",
      "toolkit",
      "validator",
    ]);
    assert.deepEqual(values["driver"]?.imagePullSecrets, ["registry"]);
    assert.deepEqual(values["node-feature-discovery"]?.imagePullSecrets, named);
    const [pool] = gpuStack.pools;
    assert.ok(pool !== undefined);
    const limit = powerLimit({ ...pool, powerLimitWatts: 250 }, "gpu-operator", "node:22", operator);
    assert.deepEqual(podsIn(limit as unknown as Json)[0]?.pull, named);
  });

  it("say nothing where none is named", () => {
    const { operator } = planStages(stageInput(changed(existing, "gpu", {}))).plan.gpuStack;
    assert.ok(operator !== undefined);
    assert.doesNotMatch(JSON.stringify(gpuOperatorValues(operator)), /imagePullSecrets/);
  });
});
