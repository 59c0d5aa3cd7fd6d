import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { committedConfig } from "../../cli/profile";
import { ProfileError } from "../../config/errors";
import { parseProfile } from "../../config/parse";
import { makePlan, type LocalStackPlan } from "../../plan/plan";
import { program, type StackOutputs } from "../../program";
import { stackProgram } from "../../stackProgram";
import { outputs, secrets, leaks } from "../components/cases";
import { secrets as plainSecrets } from "../config/stacks";
import { laptop } from "../plan/cases";
import { record, unknown, type Recorder } from "../support/mocks";
import { requestsDone, valueOf } from "../support/settle";

const golden = readFileSync(join(__dirname, "golden", "local.urns.txt"), "utf8")
  .trim()
  .split("\n");

const committed: LocalStackPlan = makePlan(
  parseProfile(
    { ...committedConfig("local"), paths: { run: "/house/run", cache: "/house/cache", gatewayBundle: "/gateway.js" } },
    { stack: "local" },
  ),
  {
    ...laptop,
    models: {
      "tiny-llama": { kind: "builtin", contextLimit: 2048, layers: 2, kvHeads: 1, headDim: 32, dtypeBytes: 2 },
    },
  },
);

/** Runs `body` and waits until everything that the golden list names is registered, and all outputs of components are. */
async function complete(recorder: Recorder, body: () => StackOutputs): Promise<StackOutputs> {
  const result = body();
  const through = (): boolean =>
    recorder.registered.length >= golden.length &&
    recorder.registered.every(({ custom, urn }) => custom || recorder.outputs.has(urn));
  const wait = async (): Promise<void> => {
    while (!through()) await new Promise((done) => setImmediate(done));
  };
  await Promise.race([recorder.refused, wait()]);
  await requestsDone(); // What is more than the golden list would come now.
  return result;
}

const configure = (values: Record<string, unknown>): void =>
  pulumi.runtime.setAllConfig(
    Object.fromEntries(
      Object.entries(values).map(([key, value]) => [
        `tokenrack:${key}`,
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
    ),
    Object.keys(plainSecrets).map((key) => `tokenrack:${key}`),
  );

describe("the program of the committed Pulumi.local.yaml (mocks: neither order nor commands are tried)", () => {
  afterEach(() => pulumi.runtime.setAllConfig({}));

  for (const preview of [false, true])
    it(`registers exactly the golden URNs in ${preview ? "a preview" : "an up"}`, async () => {
      const recorder = await record({ preview, outputs });
      const { endpoint, models } = await complete(recorder, () => program(committed, secrets()));
      // A URN is identity: another one means that every user's resource is made again. Add an alias with the change.
      assert.deepEqual(recorder.registered.map(({ urn }) => urn).sort(), golden);
      assert.ok(endpoint !== undefined);
      assert.equal(await valueOf(endpoint), preview ? undefined : "http://127.0.0.1:18080/v1");
      assert.deepEqual(models, ["tiny-llama"]);
      recorder.registered.forEach((registration) => assert.deepEqual(leaks(registration), [], registration.name));
    });

  it("asks for the first token again when the deployment or the gateway is another one", async () => {
    const recorder = await record({ preview: false, outputs });
    await complete(recorder, () => program(committed, secrets()));
    assert.deepEqual(recorder.get("gateway-first-token").inputs["triggers"], ["2026-01-01T00:00:00.000Z", "4711"]);
    assert.deepEqual(recorder.get("ray-serve").inputs["triggers"], ["session_1"]);
  });

  it("runs whole from the configuration that the engine sets", async () => {
    const recorder = await record({ preview: true });
    configure({ ...committedConfig("local"), ...plainSecrets });
    await complete(recorder, stackProgram);
    assert.deepEqual(recorder.registered.map(({ urn }) => urn).sort(), golden);
    assert.deepEqual(recorder.get("gateway-first-token").inputs["triggers"], [unknown, unknown]);
  });
});

describe("a fault in the stack", () => {
  afterEach(() => pulumi.runtime.setAllConfig({}));

  const cases: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
    ["of the configuration", { platfrom: {} }, /platfrom: found an unknown key/],
    ["of the plan", { platform: { kind: "local", cpuThreads: 1000 } }, /platform\.cpuThreads: found 1000/],
    ["of the model's directory", { models: [{ source: "/no/such/model" }] }, /models\[0\]\.source: .*does not exist/],
  ];
  for (const [what, change, message] of cases)
    it(`${what} stops everything before any resource`, async () => {
      const recorder = await record({ preview: false });
      configure({ ...committedConfig("local"), ...plainSecrets, ...change });
      assert.throws(stackProgram, (error) => error instanceof ProfileError && message.test(error.message));
      await requestsDone();
      assert.deepEqual(recorder.registered, []);
    });
});
