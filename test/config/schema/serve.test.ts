import assert from "node:assert/strict";
import { formatFault, ProfileError } from "../../../config/errors";
import { parseProfile } from "../../../config/parse";
import { changed, existing } from "../stacks";

/** What is wrong with a model's keys, or how they were read. */
function model(keys: object): unknown {
  try {
    return parseProfile(changed(existing, "models[0]", { ...existing.models[0], ...keys })).models[0];
  } catch (error) {
    assert.ok(error instanceof ProfileError);
    return error.faults.map(formatFault);
  }
}

const serving = (keys: object): unknown => {
  try {
    return Reflect.get(parseProfile(changed(existing, "serving", keys)), "serving");
  } catch (error) {
    assert.ok(error instanceof ProfileError);
    return error.faults.map(formatFault);
  }
};

describe("how a model is served", () => {
  it("is left to the plan when nothing is said", () => {
    const { autoscaling, lora, multimodal } = model({}) as Record<string, unknown>;
    assert.deepEqual([autoscaling, lora, multimodal], [undefined, undefined, undefined]);
  });

  it("has defaults where a group is there", () => {
    const { autoscaling, lora, multimodal } = model({
      autoscaling: { minReplicas: 0 },
      lora: { path: "gs://b/adapters" },
      multimodal: {},
    }) as Record<string, unknown>;
    assert.deepEqual(autoscaling, { minReplicas: 0, idleSeconds: 600 });
    assert.deepEqual(lora, { path: "gs://b/adapters", maxRank: 16, maxAdapters: 4 });
    assert.deepEqual(multimodal, {});
  });

  it("names what it does not take", () => {
    assert.deepEqual(
      model({ autoscaling: { minReplicas: 65 }, lora: { path: "/adapters" }, multimodal: { images: -1 } }),
      [
        "models[0].autoscaling.minReplicas: found number 65; expected a whole number of replicas from 0 to 64; fix: correct it",
        'models[0].lora.path: found text "/adapters"; expected a directory of a bucket whose subdirectories are adapters, like "s3://bucket/adapters"; fix: correct it',
        "models[0].multimodal.images: found number -1; expected a whole number of items of one request from 0 to 256; fix: correct it, or remove it to get the default",
      ],
    );
  });
});

describe("serving", () => {
  it("is without fault tolerance, and upgrades and warms as the plan sees fit, when nothing is said", () => {
    assert.deepEqual(serving({}), {
      namespace: "tokenrack",
      faultTolerance: "off",
      upgrade: "auto",
      warmCompileCache: "auto",
      head: { cpus: 2, memoryGib: 8 },
    });
  });

  it("names what it does not take", () => {
    assert.deepEqual(serving({ upgrade: "none", startTimeoutMinutes: 0 }), [
      'serving.upgrade: found text "none"; expected auto, newCluster or inPlace; fix: correct it, or remove it to get the default',
      "serving.startTimeoutMinutes: found number 0; expected a whole number of minutes from 1 to 1440; fix: correct it, or remove it to get the default",
    ]);
  });
});
