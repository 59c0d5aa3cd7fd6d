import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { secretKeys } from "../../../config/schema";
import { existingSecretsSchema } from "../../../config/schema/secrets";
import type { ClusterPlan } from "../../../plan/types";
import { rented } from "../../program/homelab";
import { errorOf } from "../../support/fixtures";
import { Bench } from "./bench";
import { pod, type World } from "./worlds";

const open = Object.fromEntries(Object.entries(rented("a100")).filter(([key]) => !secretKeys.includes(key)));

const pem = `-----BEGIN PRIVATE KEY-----\n${"CANARYPEM".repeat(7)}\n-----END PRIVATE KEY-----\n`;

/** A canary in every secret that the stack may have, in the form that each has. */
const secrets: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.keys(existingSecretsSchema.shape).map((key) => [key, `CANARY-${key}-value`])),
  signingKey: pem,
  previousSigningKey: pem.replaceAll("CANARYPEM", "CANARYOLD"),
  users: JSON.stringify([{ name: "admin", passwordHash: "$made$CANARY-hash", scopes: [], models: [] }]),
  registryLogins: JSON.stringify({ auths: { "r.lan": { auth: Buffer.from("bot:CANARY-login").toString("base64") } } }),
  chatDatabaseUrl: "postgresql://chat:CANARY-database@db:5432/chat",
  kubeconfig: `users: [{ name: a, user: { token: CANARY-kube-token, client-key-data: ${Buffer.from(pem).toString("base64")} } }]\n`,
};

/** What logs might say of each, and secrets that nobody knew: a log a pod. */
const spilled: readonly (readonly string[])[] = [
  Object.values(secrets),
  Object.values(secrets).map((one) => `env: ${JSON.stringify(one)}`),
  Object.values(secrets).map((one) => Buffer.from(one).toString("base64")),
  [
    "token CANARY-kube-token refused, hash $made$CANARY-hash, login CANARY-login, FATAL for CANARY-database",
    "Authorization: Bearer CANARY-unknown-bearer",
    "HF_TOKEN=CANARY-unknown-token other=kept-word",
    "pulling https://user:CANARY-unknown-password@registry.lan/v2/",
    '{"password":"CANARY-unknown-json"}',
    `${"x".repeat(380)} password ${secrets["firstUserPassword"] ?? ""}`,
  ],
];

describe("the support archive", function () {
  this.timeout(30_000);
  let bench: Bench;
  let plan: ClusterPlan;
  let world: World;
  beforeEach(async () => {
    bench = new Bench();
    plan = await bench.stack("a100", open, secrets);
    world = bench.well(plan, secrets["kubeconfig"] ?? "");
    await bench.gateway("llm.lan");
    // Messages are cut: what is left of a secret then would not be known again.
    const message = `${"x".repeat(380)} ${secrets["firstUserPassword"] ?? ""} ${secrets["registryLogins"] ?? ""}`;
    const names = spilled.map((_, index) => `nvidia-driver-daemonset-${index}`);
    world.pods["gpu-operator"] = names.map((name) => pod("gpu-operator", name, { waiting: "ErrImagePull", message }));
    names.forEach((name, index) => (world.logs[`gpu-operator/${name}`] = (spilled[index] ?? []).join("\n")));
    bench.replies = { "/token": [401, { error: `no CANARY-firstUserPassword-value here` }] };
  });
  afterEach(() => bench.close());

  const write = async (): Promise<{ text: string; printed: string }> => {
    bench.kubectl(world);
    const file = bench.place.path("doctor.txt.gz");
    const { text } = await bench.ask({ stack: "a100", bundle: file });
    assert.equal(statSync(file).mode & 0o077, 0);
    return { text: gunzipSync(readFileSync(file)).toString("utf8"), printed: text };
  };

  it("holds no secret: not of the stack file, of the findings, nor of a log, in whatever form", async () => {
    const { text, printed } = await write();
    for (const canary of [/CANARY/, /Q0FOQVJ/, /DQU5BUl|NBTkFSW/]) assert.doesNotMatch(text, canary);
    assert.doesNotMatch(printed, /CANARY-(?!unknown)/);
    // Each log is there to its end, but for the secrets.
    assert.equal(text.match(/^--- gpu-operator\/nvidia-driver-daemonset-\d$/gm)?.length, spilled.length);
    const salts = bench.place.read("Pulumi.a100.yaml").match(/v1:\S+/g) ?? [];
    assert.ok(salts.length > 10);
    for (const sealed of salts) assert.ok(!text.includes(sealed.slice(0, 20)));
  });

  it("holds what helps: versions, the plan, the stack file, the findings, the log", async () => {
    const { text } = await write();
    const sections = [...text.matchAll(/^===== (.*) =====$/gm)].map(([, name]) => name);
    assert.deepEqual(sections, ["about", "findings", "versions", "plan", "Pulumi.a100.yaml", "logs", "report.json"]);
    for (const part of [
      /✗ driver/,
      /kubeRay +1\.6\.2/,
      /deepseek-r1-70b/,
      /contextTokens: 8192/,
      /kept-word/,
      /"state": "broken"/,
    ]) {
      assert.match(text, part);
    }
  });

  it("says which secrets could only be looked for by their form", async () => {
    bench.env.set("PULUMI_CONFIG_PASSPHRASE", undefined);
    const { text } = await write();
    assert.match(text, /looked for by their form alone: .*hfToken/);
    assert.doesNotMatch(text, /CANARY/);
  });

  it("is refused where it cannot be written", async () => {
    bench.kubectl(world);
    const error = await errorOf(bench.ask({ stack: "a100", bundle: bench.place.path("none", "x.gz") }));
    assert.match(error.message, /--bundle: found .*none\/x\.gz, which cannot be written/);
  });
});
