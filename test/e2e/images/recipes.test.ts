import assert from "node:assert/strict";
import { images, imageReference } from "../../../catalog/images";
import { fullReference, keyOf, pauseReference, recipeFor, recipes } from "../../../e2e/images/recipes";

describe("e2e/images/recipes", () => {
  const found: readonly (readonly [reference: string, recipe: string])[] = [
    [imageReference(images.ray), "ray"],
    [imageReference(images.node), "node"],
    [imageReference(images.valkey), "valkey"],
    [imageReference(images.kubeRay), "kubeRay"],
    [pauseReference, "pause"],
    ["registry.lan:5000/mirror/ray-llm:2.60.0", "ray"],
    [`rayproject/ray@sha256:${"0".repeat(64)}`, "ray"],
    [`registry.lan:5000/node:22@sha256:${"0".repeat(64)}`, "node"],
    ["redis", "valkey"],
  ];
  for (const [reference, recipe] of found) {
    it(`${reference} is made by ${recipe}`, () => assert.equal(recipeFor(reference).name, recipe));
  }

  it("an image without a recipe is refused by name", () => {
    assert.throws(
      () => recipeFor("ghcr.io/open-webui/open-webui:0.11.0"),
      /open-webui:0\.11\.0: add one to e2e\/images/,
    );
  });

  const full: readonly (readonly [reference: string, full: string])[] = [
    ["node", "docker.io/library/node:latest"],
    ["node:22", "docker.io/library/node:22"],
    ["rayproject/ray:2", "docker.io/rayproject/ray:2"],
    ["localhost/x:1", "localhost/x:1"],
    ["registry:5000/x", "registry:5000/x:latest"],
    ["quay.io/kuberay/operator:v1", "quay.io/kuberay/operator:v1"],
    ["quay.io/a/b@sha256:00", "quay.io/a/b@sha256:00"],
  ];
  for (const [reference, expected] of full) {
    it(`${reference} is ${expected}`, () => assert.equal(fullReference(reference), expected));
  }

  it("another recipe, and another input, are another image", () => {
    const keys = [keyOf(recipes.node, ["a"]), keyOf(recipes.node, ["b"]), keyOf(recipes.valkey, ["a"])];
    assert.equal(new Set(keys).size, 3);
    assert.equal(keyOf(recipes.node, ["a"]), keys[0]);
    assert.match(keys[0] ?? "", /^[0-9a-f]{64}$/);
  });
});
