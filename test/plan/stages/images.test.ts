import assert from "node:assert/strict";
import { images, imageReference } from "../../../catalog/images";
import { imageParts, imageWarnings, planImages } from "../../../plan/stages/images";
import { existing } from "../../config/stacks";
import { stageInput } from "./cases";

const digest = `sha256:${"a".repeat(64)}`;
const own = `registry.my.org:5000/ray@${digest}`;

describe("images of a stack", () => {
  it("are the catalogue's, or the stack's own", () => {
    const plan = planImages(stageInput({ ...existing, images: { ray: own } }).profile);
    assert.deepEqual(Object.keys(plan).sort(), Object.keys(images).sort());
    assert.equal(plan.ray, own);
    assert.equal(plan.node, imageReference(images.node));
  });

  it("are warned about where no digest pins them", () => {
    const { profile } = stageInput({ ...existing, images: { ray: own } });
    const [warning = "", ...more] = imageWarnings(planImages(profile), profile);
    assert.deepEqual(more, []);
    assert.match(warning, /^images\.node, .*: pinned by a version and not by a digest/);
    assert.doesNotMatch(warning, /images\.ray\b|openWebUi|lobeChat/);
    const all = Object.fromEntries(Object.keys(images).map((name) => [name, own]));
    const pinned = stageInput({ ...existing, images: all }).profile;
    assert.deepEqual(imageWarnings(planImages(pinned), pinned), []);
  });

  it("are pinned in the catalogue, or say there why not", () => {
    for (const [name, row] of Object.entries(images)) {
      const pinned = "digest" in row && /^sha256:[0-9a-f]{64}$/.test(String(row.digest));
      assert.ok(pinned || row.unverified.length > 20, name);
      assert.doesNotMatch(row.tag, /latest|nightly/);
    }
  });

  it("come apart where charts want them so", () => {
    assert.deepEqual(imageParts("quay.io/kuberay/operator:v1"), { repository: "quay.io/kuberay/operator", tag: "v1" });
    assert.deepEqual(imageParts(own), { repository: "registry.my.org:5000/ray@sha256", tag: "a".repeat(64) });
    assert.deepEqual(imageParts(`r:5000/a:v1@${digest}`), { repository: "r:5000/a", tag: `v1@${digest}` });
    assert.deepEqual(imageParts("r:5000/a"), { repository: "r:5000/a", tag: "latest" });
  });
});
