/** The component for programs in every language. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { ServedCluster, type ServedClusterArgs } from "../../tokenrack";
import { planServed } from "../../package/servedKeys";
import { signingKey } from "../config/stacks";
import { isWrapped, record, type Outputs, type Recorder } from "../support/mocks";
import { requestsDone, valueOf } from "../support/settle";
import { root } from "./installed";

const args: ServedClusterArgs = {
  kubeconfig: "CANARY-kubeconfig",
  rayToken: "CANARY-ray-token",
  signingKey,
  users: "[]",
  firstUserPassword: "CANARY-password",
  pools: [{ name: "gpu", count: 1, card: "l40s", labels: { gpu: "l40s" } }],
  network: { gbitPerSecond: 10 },
  ingress: { host: "llm.example.com", tlsIssuer: "letsencrypt" },
  models: [{ source: "Qwen/Qwen3-8B", revision: "main", contextTokens: 16_384 }],
  settings: "gpu: { mode: preinstalled }\n",
};
const endpoint = "https://llm.example.com/v1";
const outputs: Outputs = (name) => ({
  stdout:
    name === "llm-served-ready"
      ? JSON.stringify({ endpoint: "http://llm-serve-svc.tokenrack.svc:8000", tokens: { "Qwen/Qwen3-8B": 1 } })
      : name,
});

async function run(given: ServedClusterArgs): Promise<{ recorder: Recorder; made: ServedCluster }> {
  const recorder = await record({ preview: false, outputs, stack: "test" });
  const made = new ServedCluster("llm", given);
  await Promise.race([recorder.refused, requestsDone()]);
  return { recorder, made };
}

const kinds = ({ registered }: Recorder): readonly string[] =>
  registered
    .flatMap(({ type }) => (type.startsWith("tokenrack:") ? [type.replace("tokenrack:index:", "")] : []))
    .sort();

const stages = ["Gateway", "GpuStack", "KubeRay", "ModelStore", "ServedCluster", "ServedModel", "ServingNamespace"];

describe("ServedCluster", () => {
  it("makes the stages that follow a cluster, all below itself and by its own provider", async () => {
    const { recorder, made } = await run(args);
    assert.deepEqual(kinds(recorder), stages);
    assert.equal(await valueOf(made.endpoint), endpoint);
    const own = recorder.get("llm").urn;
    const components = recorder.registered.filter(
      ({ type }) => type.startsWith("tokenrack:") && !type.endsWith("ServedCluster"),
    );
    for (const { parent, name } of components) assert.equal(parent, own, name);
    const { urn } = recorder.get("llm-cluster");
    const objects = recorder.registered.filter(({ type }) => type.startsWith("kubernetes:"));
    assert.ok(objects.length > 15);
    for (const { name, provider } of objects) assert.ok(provider.startsWith(urn), name);
    assert.deepEqual(Object.keys(recorder.outputs.get(own) ?? {}).sort(), ["endpoint", "firstTokens", "gpus"]);
  });

  it("keeps what was given in the clear as a secret", async () => {
    const { recorder } = await run({ ...args, hfToken: "CANARY-hf", previousSigningKey: signingKey });
    const text = JSON.stringify(
      recorder.registered.map(({ inputs }) => inputs),
      (_, value: unknown) => (isWrapped(value) ? "(secret)" : value),
    );
    assert.doesNotMatch(text, /CANARY|PRIVATE KEY/);
    assert.match(JSON.stringify(recorder.registered.map(({ inputs }) => inputs)), /CANARY-hf/);
  });

  it("registers nothing when a plain argument has a fault, and tells it without a stack trace", async () => {
    const recorder = await record({ preview: false, outputs, stack: "test" });
    const wrong = { ...args, network: { gbitPerSecond: 0 } };
    assert.throws(
      () => new ServedCluster("llm", wrong),
      (error) => pulumi.RunError.isInstance(error) && /network\.gbitPerSecond: found number 0/.test(error.message),
    );
    assert.deepEqual(
      recorder.registered.map(({ name }) => name).filter((name) => name.startsWith("llm")),
      [],
    );
  });
});

describe("the settings of a ServedCluster", () => {
  const rows: readonly (readonly [title: string, wrong: object, fault: RegExp])[] = [
    ["no YAML", { settings: "gpu: {" }, /^ {2}settings: found no YAML \(\w+, line \d+\); expected YAML of keys/m],
    ["a list", { settings: "- gpu" }, /settings: found no group of keys/],
    [
      "a key that is an argument",
      { settings: "models: []" },
      /settings: found the keys models; .*arguments of their own/,
    ],
    ["a platform", { settings: "platform: { kind: local }" }, /settings: found the keys platform/],
    ["a chat page", { settings: "chat: { kind: openWebUi }" }, /settings: found the keys chat; .*in TypeScript/],
    ["an unknown key", { settings: "gpus: {}" }, /gpus: found/],
    ["a secret for a plain argument", { pools: pulumi.secret(args.pools) }, /pools: found a value that is secret, or/],
    [
      "an output for the settings",
      { settings: pulumi.output("gpu: {}") },
      /settings: found a value that is secret, or/,
    ],
  ];
  for (const [title, wrong, fault] of rows)
    it(`refuse ${title}`, () => {
      assert.throws(() => planServed("test", { ...args, ...wrong }), fault);
    });

  it("are in the docs as they may be", () => {
    const [, text = ""] = /```yaml\n([^`]+)```/.exec(readFileSync(join(root, "docs/package.md"), "utf8")) ?? [];
    const { resources } = parse(text) as { resources: { llm: { type: string; properties: ServedClusterArgs } } };
    assert.equal(resources.llm.type, ServedCluster.type);
    assert.equal(planServed("test", { ...args, ...resources.llm.properties }).stages.gpuStack.mode, "preinstalled");
  });

  it("say what a stack file says", () => {
    const named = planServed("test", { ...args, settings: "serving: { namespace: llm }" });
    assert.equal(named.stages.served.namespace, "llm");
    for (const none of ["", "# nothing\n"])
      assert.equal(planServed("test", { ...args, settings: none }).platform, "existing");
  });
});
