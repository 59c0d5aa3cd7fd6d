import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { ServedModel, type ServedModelArgs } from "../../components/servedModel";
import { clusterPaths, headHash, rayServiceManifest } from "../../render/stages/served/rayService";
import { changed, existing } from "../config/stacks";
import { servedOf } from "../plan/stages/servedCases";
import { everything, kept } from "../render/stages/served/cases";
import { isWrapped, record, type Outputs, type Recorder } from "../support/mocks";
import { settle, valueOf } from "../support/settle";

const kubeconfig = "CANARY-kubeconfig";
const token = "CANARY-ray-token";

const results: Readonly<Record<string, object>> = {
  "models-ready": { endpoint: "http://llm-serve-svc.tokenrack.svc:8000", tokens: { small: 0.5 } },
  "models-warm": { filled: 1 },
};
const outputs: Outputs = (name) => (name in results ? { stdout: JSON.stringify(results[name]) } : {});

interface Made {
  readonly recorder: Recorder;
  readonly served: ServedModel;
}

async function make(raw: unknown, preview: boolean, more: Partial<ServedModelArgs> = {}): Promise<Made> {
  const recorder = await record({ preview, outputs });
  const args: ServedModelArgs = {
    namespace: "tokenrack",
    served: servedOf(raw),
    kubeconfig: pulumi.secret(kubeconfig),
    modelsReady: "whole",
    kubeRayReady: "1.6.2",
    rayToken: pulumi.secret(token),
    ...more,
  };
  const served = new ServedModel("models", args);
  await settle(recorder, served);
  return { recorder, served };
}

/** Everything that reached the engine, without what arrived as a secret. */
const plainText = ({ registered }: Recorder): string =>
  JSON.stringify(
    registered.map(({ inputs }) => inputs),
    (_, value: unknown) => (isWrapped(value) ? "[secret]" : value),
  );

for (const preview of [false, true])
  describe(`ServedModel in ${preview ? "a preview" : "an up"}`, () => {
    it("makes the token's Secret, fills caches, makes the RayService, and waits for a token", async () => {
      const { recorder } = await make(existing, preview);
      const list = recorder.registered.map((one) => [one.name, one.type]);
      assert.deepEqual(list.sort(), [
        ["models", "tokenrack:index:ServedModel"],
        ["models-ready", "command:local:Command"],
        ["models-service", "kubernetes:ray.io/v1:RayService"],
        ["models-token", "kubernetes:core/v1:Secret"],
        ["models-warm", "command:local:Command"],
      ]);
      const { urn } = recorder.get("models");
      for (const one of recorder.registered) if (one.name !== "models") assert.equal(one.parent, urn, one.name);
      const { apiVersion, kind, metadata, spec } = rayServiceManifest(servedOf(existing));
      const { inputs } = recorder.get("models-service");
      assert.deepEqual(inputs, {
        apiVersion,
        kind,
        metadata: {
          ...metadata,
          annotations: { ...metadata.annotations, "pulumi.com/patchForce": "true", "tokenrack-after": "models" },
        },
        spec,
      });
    });

    it("keeps token, kubeconfig and the store's secrets secret", async () => {
      const { recorder } = await make(kept, preview);
      assert.doesNotMatch(plainText(recorder), /CANARY/);
      const { stringData } = recorder.get("models-token").inputs;
      assert.ok(isWrapped(stringData));
      assert.deepEqual(stringData.value, { auth_token: token });
      const data = recorder.get("models-store").inputs["stringData"];
      assert.ok(isWrapped(data));
      const { password } = data.value as { password: string };
      assert.match(password, /^[0-9a-f]{64}$/);
      assert.ok(!plainText(recorder).includes(password));
      for (const name of ["models-ready", "models-warm"]) {
        const { stdin } = recorder.get(name).inputs;
        assert.ok(isWrapped(stdin));
        assert.ok(String(stdin.value).endsWith(`\n${kubeconfig}`));
      }
    });

    it("hands on where the models answer, once they have", async () => {
      const { recorder, served } = await make(everything, preview);
      const found = await Promise.all([served.endpoint, served.routes, served.ready].map(valueOf));
      const routes = JSON.stringify({ small: "/small", "gemma.27b/it": "/gemma-27b-it" });
      assert.deepEqual(
        found,
        preview
          ? [undefined, undefined, undefined]
          : ["http://llm-serve-svc.tokenrack.svc:8000", routes, '{"small":0.5}'],
      );
      assert.equal(await valueOf(served.downtimeSeconds), 0);
      const registered = recorder.outputs.get(recorder.get("models").urn) ?? {};
      assert.deepEqual(Object.keys(registered).sort(), ["downtimeSeconds", "endpoint", "ready", "routes"]);
    });

    it("waits for models and KubeRay before it makes the RayService", async () => {
      const recorder = await record({ preview: true, outputs });
      const later = pulumi.output(new Promise<string>(() => undefined));
      const given = {
        namespace: "tokenrack",
        served: servedOf(existing),
        kubeconfig,
        rayToken: token,
        kubeRayReady: "1.6.2",
      };
      new ServedModel("models", { ...given, modelsReady: later });
      const has = (name: string): boolean => recorder.registered.some((one) => one.name === name);
      while (!has("models-token")) await new Promise((done) => setImmediate(done));
      for (let turn = 0; turn < 50; turn++) await new Promise((done) => setImmediate(done));
      assert.deepEqual([has("models-service"), has("models-warm")], [false, false]);
    });
  });

describe("a changed RayService", () => {
  it("is deleted before it is made again where no GPU is free, when its cluster is another one", async () => {
    const { recorder, served } = await make(existing, false);
    const { deleteBeforeReplace, replaceOnChanges, inputs } = recorder.get("models-service");
    assert.deepEqual([deleteBeforeReplace, replaceOnChanges], [true, clusterPaths(servedOf(existing))]);
    const { annotations } = inputs["metadata"] as { annotations: Record<string, string> };
    assert.equal(annotations["tokenrack-cluster"], headHash(servedOf(existing)));
    assert.equal(await valueOf(served.downtimeSeconds), servedOf(existing).upgrade.clusterSeconds);
  });

  it("is updated where KubeRay can make the new cluster beside the old one", async () => {
    const { recorder, served } = await make(changed(existing, "models[0].replicas", 1), false);
    const { deleteBeforeReplace, replaceOnChanges } = recorder.get("models-service");
    assert.deepEqual([deleteBeforeReplace, replaceOnChanges], [false, []]);
    assert.equal(await valueOf(served.downtimeSeconds), 0);
  });

  it("is waited for again: the script's settings are others", async () => {
    const create = async (raw: unknown): Promise<unknown> =>
      (await make(raw, false)).recorder.get("models-ready").inputs["create"];
    assert.equal(await create(existing), await create(existing));
    assert.notEqual(await create(existing), await create(changed(existing, "models[0].contextTokens", 4096)));
  });

  it("fills no cache where none is worth it", async () => {
    const { recorder } = await make(changed(existing, "serving", { warmCompileCache: "never" }), false);
    assert.ok(!recorder.registered.some(({ name }) => name === "models-warm"));
  });
});

describe("a store of the head's state", () => {
  it("is a certificate, a Service and a StatefulSet after its password", async () => {
    const { recorder } = await make(kept, false);
    const kinds = ["", "-issuer", "-certificate", "-service", "-statefulset"].map(
      (part) => recorder.get(`models-store${part}`).type.split(":").at(-1) ?? "",
    );
    assert.deepEqual(kinds, ["Secret", "Issuer", "Certificate", "Service", "StatefulSet"]);
  });
});
