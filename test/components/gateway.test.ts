import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { Gateway, type GatewayArgs } from "../../components/gateway";
import { planClusterGateway } from "../../plan/stages/gateway";
import { planImages } from "../../plan/stages/images";
import { restartHash } from "../../render/stages/gateway";
import { changed, existing, hash, signingKey } from "../config/stacks";
import { stageInput } from "../plan/stages/cases";
import { isWrapped, record, type Outputs, type Recorder } from "../support/mocks";
import { settle, valueOf } from "../support/settle";

const planOf = (raw: unknown) => {
  const input = stageInput(raw);
  const served = { routes: { "qwen3-8b": "/" }, upgrade: { clusterSeconds: 0 } };
  return planClusterGateway(input, planImages(input.profile), served).plan;
};
const gateway = planOf(changed(existing, "chat", { kind: "openWebUi", host: "chat.lan" }));
const answer = '{"model":"qwen3-8b","ttftSeconds":0.42}';
const outputs: Outputs = (name) => (name === "gateway-ready" ? { stdout: answer } : {});
const users = JSON.stringify([{ name: "admin", passwordHash: hash, scopes: ["chat:write"], models: ["*"] }]);

async function make(preview: boolean, more: Partial<GatewayArgs> = {}): Promise<{ recorder: Recorder; made: Gateway }> {
  const recorder = await record({ preview, outputs });
  const made = new Gateway("gateway", {
    gateway,
    program: "program",
    namespace: pulumi.output("tokenrack"),
    served: pulumi.output("http://llm-serve-svc.tokenrack.svc:8000"),
    signingKey: pulumi.secret(signingKey),
    users: pulumi.secret(users),
    firstUserPassword: pulumi.secret("CANARY-password"),
    kubeconfig: pulumi.secret("CANARY-kubeconfig"),
    ...more,
  });
  await settle(recorder, made);
  return { recorder, made };
}

const dataOf = (recorder: Recorder, name: string): Record<string, string> => {
  const { stringData } = recorder.get(name).inputs;
  assert.ok(isWrapped(stringData));
  return stringData.value as Record<string, string>;
};

/** Everything that reached the engine, without what arrived as a secret. */
const plainText = ({ registered }: Recorder): string =>
  JSON.stringify(
    registered.map(({ inputs }) => inputs),
    (_, value: unknown) => (isWrapped(value) ? "[secret]" : value),
  );

for (const preview of [false, true])
  describe(`Gateway in ${preview ? "a preview" : "an up"}`, () => {
    it("makes secrets, store, program and pods, then the ways in, and asks for a token", async () => {
      const { recorder } = await make(preview);
      assert.deepEqual(recorder.registered.map(({ name, type }) => [name, type]).sort(), [
        ["gateway", "tokenrack:index:Gateway"],
        ["gateway-budget", "kubernetes:policy/v1:PodDisruptionBudget"],
        ["gateway-config", "kubernetes:core/v1:ConfigMap"],
        ["gateway-keys", "kubernetes:core/v1:Secret"],
        ["gateway-path-token", "kubernetes:networking.k8s.io/v1:Ingress"],
        ["gateway-path-v1", "kubernetes:networking.k8s.io/v1:Ingress"],
        ["gateway-pods", "kubernetes:apps/v1:Deployment"],
        ["gateway-program", "kubernetes:core/v1:ConfigMap"],
        ["gateway-quota-certificate", "kubernetes:cert-manager.io/v1:Certificate"],
        ["gateway-quota-issuer", "kubernetes:cert-manager.io/v1:Issuer"],
        ["gateway-quota-secret", "kubernetes:core/v1:Secret"],
        ["gateway-quota-service", "kubernetes:core/v1:Service"],
        ["gateway-quota-store", "kubernetes:apps/v1:Deployment"],
        ["gateway-ready", "command:local:Command"],
        ["gateway-service", "kubernetes:core/v1:Service"],
        ["gateway-users", "kubernetes:core/v1:Secret"],
      ]);
      const { urn } = recorder.get("gateway");
      for (const one of recorder.registered) if (one.name !== "gateway") assert.equal(one.parent, urn, one.name);
      const needs = (name: string): readonly string[] =>
        recorder.get(name).dependencies.map((one) => one.slice(one.lastIndexOf(":") + 1));
      for (const name of ["gateway-keys", "gateway-users", "gateway-config", "gateway-program", "gateway-quota-secret"])
        assert.ok(needs("gateway-pods").includes(name), name);
      assert.ok(needs("gateway-ready").includes("gateway-pods"));
    });

    it("keeps all that is secret in Secrets and on standard input, and the previous key beside the one that signs", async () => {
      const { recorder } = await make(preview, { previousSigningKey: pulumi.secret("CANARY-previous") });
      const text = plainText(recorder);
      assert.doesNotMatch(text, /CANARY|PRIVATE KEY|scrypt/);
      assert.deepEqual(dataOf(recorder, "gateway-keys"), {
        "signing.pem": signingKey,
        "previous.pem": "CANARY-previous",
      });
      const { password = "" } = dataOf(recorder, "gateway-quota-secret");
      assert.match(password, /^[0-9a-f]{64}$/);
      assert.ok(!text.includes(password));
      const { stdin } = recorder.get("gateway-ready").inputs;
      assert.ok(isWrapped(stdin));
      assert.ok(String(stdin.value).endsWith("\npassword CANARY-password\nCANARY-kubeconfig"));
    });

    it("knows the chat page as a user without a password, and has a token for it", async () => {
      const { recorder, made } = await make(preview);
      const file = JSON.parse(dataOf(recorder, "gateway-users")["users.json"] ?? "") as { users: { name: string }[] };
      assert.deepEqual(file.users.map(({ name }) => name), ["admin", "chat-ui"]); // prettier-ignore
      const [user] = gateway.serviceUsers;
      const token = made.serviceToken({ subject: user?.name ?? "", scopes: user?.scopes ?? [] });
      assert.ok(await pulumi.isSecret(token));
      assert.match((await valueOf(token)) ?? "", /^[\w-]+\.[\w-]+\.[\w-]+$/);
    });

    it("hands on where it is reached, once a token came", async () => {
      const { recorder, made } = await make(preview);
      const found = await Promise.all([made.endpoint, made.clusterEndpoint, made.ready].map(valueOf));
      const known = ["https://llm.lan/v1", "http://gateway.tokenrack.svc/v1", answer];
      assert.deepEqual(found, preview ? [undefined, undefined, undefined] : known);
      const registered = recorder.outputs.get(recorder.get("gateway").urn) ?? {};
      assert.deepEqual(Object.keys(registered).sort(), ["clusterEndpoint", "endpoint", "ready"]);
    });

    it("sends nothing to the models before they have answered", async () => {
      const recorder = await record({ preview: true, outputs });
      new Gateway("gateway", {
        gateway,
        program: "program",
        namespace: "tokenrack",
        served: pulumi.output(new Promise<string>(() => undefined)),
        signingKey,
        users,
        firstUserPassword: "p",
        kubeconfig: "k",
      });
      const has = (name: string): boolean => recorder.registered.some((one) => one.name === name);
      while (!has("gateway-quota-service") || !has("gateway-users")) await new Promise((done) => setImmediate(done));
      for (let turn = 0; turn < 50; turn++) await new Promise((done) => setImmediate(done));
      assert.deepEqual([has("gateway-config"), has("gateway-pods"), has("gateway-ready")], [false, false, false]);
    });
  });

describe("a changed gateway", () => {
  const annotations = (recorder: Recorder): string => JSON.stringify(recorder.get("gateway-pods").inputs["spec"]);

  it("has other pods for another program, and is asked again", async () => {
    const [one, two] = [await make(false), await make(false, { program: "another" })];
    assert.ok(annotations(one.recorder).includes(restartHash(gateway, "program")));
    assert.ok(annotations(two.recorder).includes(restartHash(gateway, "another")));
    const asked = ({ recorder }: typeof one): unknown => recorder.get("gateway-ready").inputs["create"];
    assert.notEqual(asked(one), asked(two));
    assert.equal(asked(one), asked(await make(false)));
  });

  it("keeps its pods for other users and another key, whose store starts with another password", async () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    const other = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const [one, two] = [await make(false), await make(false, { signingKey: other, users: "[]" })];
    assert.equal(annotations(one.recorder), annotations(two.recorder));
    const store = ({ recorder }: typeof one): string =>
      JSON.stringify(recorder.get("gateway-quota-store").inputs["spec"]);
    assert.notEqual(store(one), store(two));
    assert.equal(store(one), store(await make(false)));
  });

  it("is refused with a program that no ConfigMap holds", async () => {
    await assert.rejects(make(false, { program: "x".repeat(1_000_000) }), /1000000 bytes or more/);
  });

  it("has one pod without store and budget where it is told so", async () => {
    const { recorder } = await make(false, { gateway: planOf(changed(existing, "gateway.replicas", 1)) });
    assert.ok(!recorder.registered.some(({ name }) => /quota|budget/.test(name)));
  });

  it("is reached through a Gateway that is there", async () => {
    const ingress = { ...existing.ingress, kind: "gatewayApi", gateway: { name: "public", namespace: "gateways" } };
    const { recorder } = await make(false, { gateway: planOf(changed(existing, "ingress", ingress)) });
    for (const name of ["gateway-path-token", "gateway-path-v1"])
      assert.equal(recorder.get(name).type, "kubernetes:gateway.networking.k8s.io/v1:HTTPRoute");
  });
});
