import assert from "node:assert/strict";
import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";
import { planModels, type ModelsSpec } from "../../tokenrack";
import { signingKey } from "../config/stacks";
import { isWrapped, record, type Outputs, type Recorder } from "../support/mocks";
import { requestsDone, valueOf } from "../support/settle";

const secrets = {
  kubeconfig: "CANARY-kubeconfig",
  rayToken: "CANARY-ray-token",
  signingKey,
  users: "[]",
  firstUserPassword: "CANARY-password",
};
const served = "http://llm-serve-svc.tokenrack.svc:8000";
const endpoint = "https://llm.example.com/v1";
const outputs: Outputs = (name) => ({
  stdout: name === "model-ready" ? JSON.stringify({ endpoint: served, tokens: { "Qwen/Qwen3-8B": 1 } }) : name,
});

const load = createRequire(__filename);
const program = load.resolve("../../examples/serve-only/index");

interface Ran {
  readonly recorder: Recorder;
  readonly exported: { readonly endpoint: pulumi.Output<string> };
}

/** Runs the program as Pulumi does: by loading it. */
async function run(preview: boolean): Promise<Ran> {
  const recorder = await record({ preview, outputs, stack: "test" });
  // The mocks' project is called as Tokenrack's own.
  pulumi.runtime.setAllConfig(
    Object.fromEntries(Object.entries(secrets).map(([key, value]) => [`tokenrack:${key}`, value])),
  );
  Reflect.deleteProperty(load.cache, program);
  const exported = load(program) as Ran["exported"];
  await Promise.race([recorder.refused, requestsDone()]);
  return { recorder, exported };
}

const parts = ["budget", "config", "keys", "path-token", "path-v1", "pods", "program"];
const store = ["certificate", "issuer", "secret", "service", "store"].map((part) => `quota-${part}`);
const gateway = ["gateway", ...[...parts, ...store, "ready", "service", "users"].map((part) => `gateway-${part}`)];

/** What it makes in a cluster, by name. */
const expected = [
  "cluster",
  ...gateway,
  "kuberay",
  "kuberay-definitions",
  "kuberay-namespace",
  "kuberay-operator",
  "kuberay-policy-closed",
  "kuberay-policy-kuberay-operator",
  "model",
  "model-ready",
  "model-service",
  "model-token",
  "models",
  "models-download-qwen-qwen3-8b-main",
  "models-download-qwen-qwen3-8b-main-config",
  "models-program",
  "models-ready",
  "models-volume",
  "serving",
  "serving-namespace",
];

describe("examples/serve-only", () => {
  afterEach(() => pulumi.runtime.setAllConfig({}));

  for (const preview of [false, true])
    it(`registers its components and all of theirs in ${preview ? "a preview" : "an up"}`, async () => {
      const { recorder, exported } = await run(preview);
      const names = recorder.registered.map(({ name }) => name).filter((name) => !name.startsWith("serving-policy-"));
      assert.deepEqual(names.toSorted(), expected);
      assert.ok(recorder.registered.every(({ custom, urn }) => custom || recorder.outputs.has(urn)));
      assert.equal(await valueOf(exported.endpoint), preview ? undefined : endpoint);
    });

  it("makes every object of Kubernetes with the consumer's own provider", async () => {
    const { recorder } = await run(false);
    const { urn } = recorder.get("cluster");
    const objects = recorder.registered.filter(({ type }) => type.startsWith("kubernetes:"));
    assert.ok(objects.length > 15);
    for (const { name, provider } of objects) assert.ok(provider.startsWith(urn), name);
  });

  it("puts nothing into the serving namespace before it is closed", async () => {
    const { recorder } = await run(false);
    const closed = recorder.get("serving-policy-closed").urn;
    for (const name of ["model-token", "models-volume", "models-program", "models-download-qwen-qwen3-8b-main"])
      assert.ok(recorder.get(name).dependencies.includes(closed), name);
  });

  it("shows no secret", async () => {
    const { recorder } = await run(false);
    const text = JSON.stringify(
      recorder.registered.map(({ inputs }) => inputs),
      (_, value: unknown) => (isWrapped(value) ? "(secret)" : value),
    );
    assert.doesNotMatch(text, /CANARY|PRIVATE KEY/);
  });
});

describe("planModels", () => {
  const spec: ModelsSpec = {
    pools: [{ name: "gpu", count: 1, card: "l40s", labels: { gpu: "l40s" } }],
    network: { gbitPerSecond: 10 },
    models: [{ source: "Qwen/Qwen3-8B", revision: "v1" }],
  };
  const message = (wrong: Partial<ModelsSpec>): string => {
    try {
      planModels("test", { ...spec, ...wrong });
    } catch (error) {
      assert.ok(pulumi.RunError.isInstance(error), "Pulumi adds a stack trace to any other error");
      return error.message;
    }
    return assert.fail("nothing was thrown");
  };

  it("makes what a stack file of the same keys makes", () => {
    const plan = planModels("test", spec);
    assert.deepEqual([plan.stack, plan.platform, plan.unmet], ["test", "existing", []]);
    assert.deepEqual(
      plan.stages.served.models.map(({ name, directory }) => [name, directory]),
      [["Qwen/Qwen3-8B", "/models/qwen-qwen3-8b--v1"]],
    );
  });

  it("tells what is wrong with a key, and a model that no GPU holds, without a stack trace", () => {
    const unnamed = message({ pools: [{ name: "gpu", count: 0, card: "l40s" }], models: [{ source: "no id" }] });
    assert.match(unnamed, /pools\[0\]\.count: found number 0/);
    assert.match(unnamed, /models\[0\]\.source: found/);
    assert.match(message({ models: [{ source: "Qwen/Qwen3-235B-A22B", revision: "v1" }] }), /models\[0\]/);
    assert.match(
      message({ models: [{ source: "my/own", revision: "v1", config: "none.json" }] }),
      /models\[0\]\.config: found .*none\.json, which cannot be read/,
    );
  });
});
