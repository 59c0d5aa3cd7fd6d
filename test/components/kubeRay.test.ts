import assert from "node:assert/strict";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { KubeRay } from "../../components/kubeRay";
import { planArrows } from "../../plan/stages/arrows";
import { planImages } from "../../plan/stages/images";
import { planKubeRay } from "../../plan/stages/kubeRay";
import { committedInput } from "../plan/stages/cases";
import { isWrapped, record } from "../support/mocks";
import { settle, valueOf } from "../support/settle";

const input = committedInput("homelab");
const kubeRay = planKubeRay(input, planImages(input.profile));
const arrows = planArrows(input, { ports: [443], onSite: false });
const kubeconfig = "CANARY-kubeconfig";

for (const preview of [false, true])
  describe(`KubeRay in ${preview ? "a preview" : "an up"}`, () => {
    it("brings its definitions along, then its operator, with the program's own provider", async () => {
      const outputs = (name: string) => (name.endsWith("-operator") ? { status: { version: "1.6.2" } } : {});
      const recorder = await record({ preview, outputs });
      const provider = new k8s.Provider("k8s", { kubeconfig: pulumi.secret(kubeconfig) });
      const made = new KubeRay("kuberay", { kubeRay, arrows, kubeconfig: pulumi.secret(kubeconfig) }, { provider });
      await settle(recorder, made);
      const names = recorder.registered.map(({ name }) => name);
      assert.equal(names.at(-1), "kuberay-operator");
      assert.deepEqual(names.sort(), [
        "k8s",
        "kuberay",
        "kuberay-definitions",
        "kuberay-namespace",
        "kuberay-operator",
        "kuberay-policy-closed",
        "kuberay-policy-kuberay-operator",
      ]);
      const operator = recorder.get("kuberay-operator");
      assert.equal(operator.parent, recorder.get("kuberay").urn);
      assert.match(operator.provider, /k8s::/);
      const { chart, version, repositoryOpts, namespace, atomic } = operator.inputs;
      assert.deepEqual([chart, version, namespace, atomic], ["kuberay-operator", "1.6.2", "kuberay-system", true]);
      assert.deepEqual(repositoryOpts, { repo: "https://ray-project.github.io/kuberay-helm/" });
      const { create, stdin } = recorder.get("kuberay-definitions").inputs;
      assert.match(String(create), /^chart=kuberay-operator\n/);
      assert.doesNotMatch(String(create), /CANARY/);
      assert.ok(isWrapped(stdin) && String(stdin.value).endsWith(`\n${kubeconfig}`));
      assert.equal(await valueOf(made.ready), preview ? undefined : "1.6.2");
    });
  });
