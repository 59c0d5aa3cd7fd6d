import assert from "node:assert/strict";
import { planImages } from "../../../plan/stages/images";
import { planKubeRay } from "../../../plan/stages/kubeRay";
import { kubeRayNamespace, kubeRayValues } from "../../../render/stages/kubeRay";
import { committedInput } from "../../plan/stages/cases";
import { assertGolden } from "./golden";

const planned = (stack: "homelab" | "a100" | "qwen3-235b") => {
  const input = committedInput(stack);
  return planKubeRay(input, planImages(input.profile));
};

describe("values of KubeRay's chart", () => {
  it("of the homelab are as they were", () => {
    assertGolden("kubeRay.homelab.yaml", kubeRayValues(planned("homelab")));
  });

  it("watch the namespace of the models, and run where nothing else is asked for on a cluster of GPUs", () => {
    const values = kubeRayValues(planned("qwen3-235b"));
    assert.deepEqual(values["watchNamespace"], ["tokenrack"]);
    assert.deepEqual([values["nodeSelector"], values["tolerations"]], [{}, []]);
  });

  it("go to a namespace that enforces the level their pod keeps", () => {
    const { metadata } = kubeRayNamespace(planned("a100"));
    assert.equal(metadata.name, "kuberay-system");
    assert.equal(metadata.labels?.["pod-security.kubernetes.io/enforce"], "restricted");
  });
});
