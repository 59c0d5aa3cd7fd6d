import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { ServingNamespace } from "../../components/servingNamespace";
import { planArrows } from "../../plan/stages/arrows";
import { existing } from "../config/stacks";
import { stageInput } from "../plan/stages/cases";
import { isWrapped, record } from "../support/mocks";
import { settle, valueOf } from "../support/settle";

const arrows = planArrows(stageInput(existing), { ports: [443], onSite: false });

for (const preview of [false, true])
  describe(`ServingNamespace in ${preview ? "a preview" : "an up"}`, () => {
    it("is closed by a policy for each kind of pod in it, and named once it is", async () => {
      const recorder = await record({ preview });
      const made = new ServingNamespace("serving", { namespace: "tokenrack", arrows });
      await settle(recorder, made);
      const inside = Object.entries(arrows.homes).flatMap(([one, home]) => (home === "tokenrack" ? [one] : []));
      assert.deepEqual(
        recorder.registered.map(({ name }) => name).sort(),
        ["serving", "serving-namespace", ...["closed", ...inside].map((one) => `serving-policy-${one}`)].sort(),
      );
      const { metadata } = recorder.get("serving-namespace").inputs as { metadata: { labels: Record<string, string> } };
      assert.equal(metadata.labels["pod-security.kubernetes.io/enforce"], "restricted");
      assert.equal(await valueOf(made.namespace), preview ? undefined : "tokenrack");
    });

    it("has the Secret that its pods pull their images by, before anything goes into it", async () => {
      const recorder = await record({ preview });
      const pullSecret = { name: "registry", logins: pulumi.secret('{"auths":{"CANARY":{}}}') };
      const made = new ServingNamespace("serving", { namespace: "tokenrack", arrows, pullSecret });
      await settle(recorder, made);
      const { type, metadata, stringData } = recorder.get("serving-pull-secret").inputs;
      assert.equal(type, "kubernetes.io/dockerconfigjson");
      assert.deepEqual(Reflect.get(metadata as object, "namespace"), "tokenrack");
      assert.deepEqual(isWrapped(stringData) && stringData.value, { ".dockerconfigjson": '{"auths":{"CANARY":{}}}' });
    });
  });
