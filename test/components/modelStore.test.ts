import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { ModelStore } from "../../components/modelStore";
import { planModelStore } from "../../plan/stages/modelStore";
import { committedInput } from "../plan/stages/cases";
import { isWrapped, record } from "../support/mocks";
import { settle, valueOf } from "../support/settle";

const { plan: store } = planModelStore(committedInput("a100"));
const kubeconfig = "CANARY-kubeconfig";
const job = store.models[0]?.job ?? "";

for (const preview of [false, true])
  describe(`ModelStore in ${preview ? "a preview" : "an up"}`, () => {
    const made = async (credentials: boolean, plan = store) => {
      const recorder = await record({ preview, outputs: () => ({ stdout: '["deepseek-r1-70b"]' }) });
      const opened = new ModelStore("models", {
        store: plan,
        program: "program",
        namespace: pulumi.output("tokenrack"),
        ...(credentials ? { credentials: { huggingface: { token: pulumi.secret("CANARY-token") } } } : {}),
        kubeconfig: pulumi.secret(kubeconfig),
      });
      await settle(recorder, opened);
      return { recorder, opened };
    };

    it("makes the volume, then a Job for each model, then waits for them", async () => {
      const { recorder, opened } = await made(false);
      assert.deepEqual(recorder.registered.map(({ name }) => name).sort(), [
        "models",
        `models-${job}`,
        `models-${job}-config`,
        "models-program",
        "models-ready",
        "models-volume",
      ]);
      assert.ok(recorder.get("models-volume").protect);
      assert.ok(recorder.get(`models-${job}`).deleteBeforeReplace);
      assert.match(
        String(recorder.get("models-ready").inputs["create"]),
        new RegExp(`^jobs='${job} deepseek-r1-70b'\nnamespace=tokenrack\nwait_seconds=86400\n`),
      );
      assert.equal(await valueOf(opened.ready), preview ? undefined : '["deepseek-r1-70b"]');
      assert.equal(await valueOf(opened.claim), preview ? undefined : "models");
    });

    it("gives the volume away where the plan says so", async () => {
      const { recorder } = await made(false, { ...store, protect: false });
      assert.equal(recorder.get("models-volume").protect, false);
    });

    it("keeps credentials in a Secret, and nowhere else", async () => {
      const { recorder } = await made(true);
      const { stringData } = recorder.get("models-credentials-huggingface").inputs;
      assert.ok(isWrapped(stringData));
      const others = recorder.registered.filter(({ name }) => name !== "models-credentials-huggingface");
      const text = JSON.stringify(others.map(({ inputs }) => ({ ...inputs, stdin: undefined })));
      assert.doesNotMatch(text, /CANARY/);
    });
  });
