import assert from "node:assert/strict";
import { resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { loadStack } from "../../config/load";
import { existing, messageOf, minimal, proxmox, proxmoxSecrets, secrets } from "./stacks";

const secretNames = Object.keys(secrets);

/** Sets the configuration as the engine does: every value a text, groups as JSON, with the names of the secret ones. */
function configure(values: Record<string, unknown>, secretKeys: readonly string[] = secretNames): void {
  const texts = Object.entries(values).map(([key, value]) => [
    key.includes(":") ? key : `tokenrack:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig(
    Object.fromEntries(texts) as Record<string, string>,
    secretKeys.map((key) => `tokenrack:${key}`),
  );
}

const wait = <T>(output: pulumi.Output<T>): Promise<T> => new Promise((done) => void output.apply(done));

describe("loadStack", () => {
  before(() =>
    pulumi.runtime.setMocks(
      { newResource: ({ name, inputs }) => ({ id: name, state: inputs as object }), call: () => ({}) },
      "tokenrack",
      "two",
    ),
  );
  afterEach(() => pulumi.runtime.setAllConfig({}));

  it("reads the profile, and the secrets as secret outputs", async () => {
    configure({ ...minimal, ...secrets, paths: { cache: "/c" }, "aws:region": "nowhere" });
    const stack = loadStack();
    assert.ok(stack.kind === "local");
    assert.equal(stack.profile.stack, "two");
    assert.deepEqual(stack.profile.paths, {
      run: resolve(".tokenrack/run/two"),
      cache: "/c",
      gatewayBundle: resolve("gateway/dist/gateway.js"),
    });
    for (const [key, output] of Object.entries(stack.secrets) as [keyof typeof secrets, pulumi.Output<string>][]) {
      assert.equal(await pulumi.isSecret(output), true, key);
      assert.equal(await wait(output), secrets[key]);
    }
  });

  it("takes what is not JSON as text, for the schema to refuse", () => {
    configure({ ...minimal, ...secrets, gateway: "fast" });
    assert.match(messageOf(loadStack), /gateway: found text "fast"; expected a group of keys/);
  });

  it("names unknown keys of its namespace, whatever they hold", () => {
    configure({ ...minimal, ...secrets, rayTokne: "CANARY" });
    const message = messageOf(loadStack);
    assert.match(message, /rayTokne: found an unknown key.*did you mean `rayToken`\?/);
    assert.ok(!message.includes("CANARY"));
  });

  it("refuses a secret that stands in plain text", () => {
    configure({ ...minimal, ...secrets }, ["rayToken", "users", "firstUserPassword"]);
    assert.match(messageOf(loadStack), /^ProfileError: .*1 fault:\n {2}signingKey: found a secret in plain text/);
  });

  it("shows nothing of a group that was set as a secret", () => {
    configure({ ...minimal, ...secrets, gateway: { bodyMib: "CANARY" } }, [...secretNames, "gateway"]);
    const message = messageOf(loadStack);
    assert.match(message, /gateway\.bodyMib: found text of 6 characters \(not shown\)/);
    assert.ok(!message.includes("CANARY"));
  });

  it("reads a stack on Proxmox, with the secrets that are there, and empty defaults as not set", async () => {
    const unset = { ports: {}, paths: {}, imagePullSecret: "", kubeconfig: "", hfToken: "", clusterPasswordHashes: "" };
    configure({ ...proxmox, ...proxmoxSecrets, ...unset }, Object.keys(proxmoxSecrets));
    const stack = loadStack();
    assert.ok(stack.kind === "proxmox");
    assert.equal(stack.profile.pools[1]?.nodes[1]?.name, "w-gpu-2");
    assert.deepEqual(Object.keys(stack.secrets).sort(), Object.keys(proxmoxSecrets).sort());
    for (const [key, output] of Object.entries(stack.secrets) as [
      keyof typeof proxmoxSecrets,
      pulumi.Output<string>,
    ][]) {
      assert.equal(await pulumi.isSecret(output), true, key);
      assert.equal(await wait(output), proxmoxSecrets[key]);
    }
  });

  it("reads a stack on an existing cluster, with a token of the hub", async () => {
    const own = { ...secrets, kubeconfig: "clusters: []\nusers: []\ncontexts: []", hfToken: `hf_${"a".repeat(30)}` };
    configure({ ...existing, ...own, hosts: [], cluster: {}, proxmoxApiToken: "" }, Object.keys(own));
    const stack = loadStack();
    assert.ok(stack.kind === "existing");
    assert.deepEqual(Object.keys(stack.secrets).sort(), Object.keys(own).sort());
    assert.equal(await wait(stack.secrets.kubeconfig), own.kubeconfig);
  });

  it("asks for the secrets of its kind, of which empty ones are none", () => {
    configure({ ...proxmox, ...proxmoxSecrets, proxmoxApiToken: "", hosts: [] }, Object.keys(proxmoxSecrets));
    const message = messageOf(loadStack);
    assert.match(message, /proxmoxApiToken: found nothing; expected a secret/);
    assert.match(message, /hosts: found a list of 0; expected at least one host/);
  });

  it("4: refuses a token of Proxmox that stands in plain text", () => {
    configure({ ...proxmox, ...proxmoxSecrets }, secretNames);
    assert.match(
      messageOf(loadStack),
      /proxmoxApiToken: found a secret in plain text in the stack file; .*has been seen/,
    );
  });
});
