import assert from "node:assert/strict";
import { planModelStore } from "../../../plan/stages/modelStore";
import { EX } from "../../../download/exits";
import {
  configManifest,
  downloadJob,
  exits,
  programManifest,
  volumeManifests,
} from "../../../render/stages/modelStore";
import { changed, existing } from "../../config/stacks";
import { committedInput, stageInput } from "../../plan/stages/cases";
import { assertGolden } from "./golden";

const { plan } = planModelStore(committedInput("a100"));

describe("objects of the model volume", () => {
  it("of a100 are as they were", () => {
    const objects = plan.models.flatMap((model) => [configManifest(plan, model, true), downloadJob(plan, model, true)]);
    assertGolden("modelStore.a100.yaml", [...volumeManifests(plan), ...objects]);
  });

  it("are a volume and a claim of ours for a directory of the node, and nothing for what is given", () => {
    const one = changed(existing, "pools[0].count", 1);
    const path = planModelStore(stageInput(changed(one, "modelStore", { hostPath: "/data", sizeGib: 9 }))).plan;
    assertGolden("modelStore.hostPath.yaml", volumeManifests(path));
    const given = planModelStore(stageInput(changed(one, "modelStore", { existingClaim: "w" }))).plan;
    assert.deepEqual(volumeManifests(given), []);
  });

  it("mount no credentials that there are not", () => {
    const [model] = plan.models;
    assert.ok(model !== undefined);
    assert.doesNotMatch(
      JSON.stringify([downloadJob(plan, model, false), configManifest(plan, model, false)]),
      /credentials|secret/,
    );
    assert.match(JSON.stringify(downloadJob(plan, model, true)), /"secretName":"hub-huggingface"/);
  });

  it("end for good on a fault of the user's, and on nothing else", () => {
    assert.deepEqual(exits, { fault: EX.fault, transient: EX.transient });
  });

  it("hold the program as it is", () => {
    assert.deepEqual(programManifest(plan, "text")["data"], { "download.js": "text" });
  });
});
