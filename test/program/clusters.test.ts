import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { UserError } from "../../config/errors";
import type { StackOutputs } from "../../program";
import { stackProgram } from "../../stackProgram";
import { selfSigned } from "../config/madeCertificates";
import { changed, proxmoxSecrets, sshPublicKey } from "../config/stacks";
import { isWrapped, record, unknown, type Recorder } from "../support/mocks";
import { requestsDone, valueOf } from "../support/settle";
import { homelab, hostKey, outputs, rented } from "./homelab";

function configure(values: Record<string, unknown>): void {
  const texts = Object.entries(values).map(([key, value]) => [
    `tokenrack:${key}`,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const names = [...Object.keys(proxmoxSecrets), "kubeconfig", "clusterPasswordHashes", "internalCaKey", "cephKeys"];
  pulumi.runtime.setAllConfig(
    Object.fromEntries(texts) as Record<string, string>,
    names.filter((name) => typeof values[name] === "string").map((name) => `tokenrack:${name}`),
  );
}

const goldenFile = (stack: string): string => join(__dirname, "golden", `${stack}.urns.txt`);
const goldenOf = (stack: string): readonly string[] => readFileSync(goldenFile(stack), "utf8").trim().split("\n");

/** Agrees on what is registered now. */
const agree = (stack: string, { registered }: Recorder): void =>
  writeFileSync(
    goldenFile(stack),
    `${registered
      .map(({ urn }) => urn)
      .toSorted()
      .join("\n")}\n`,
  );

interface Ran {
  readonly recorder: Recorder;
  readonly result: StackOutputs;
}

/** Runs a stack's program until all that the golden list names is registered, and nothing more is asked for. */
async function run(stack: string, values: Record<string, unknown>, preview: boolean): Promise<Ran> {
  const recorder = await record({ preview, outputs, stack });
  configure(values);
  const result = stackProgram();
  // With UPDATE_GOLDEN=1 the list is made anew: all is there when nothing more is asked for.
  const expected = process.env["UPDATE_GOLDEN"] === "1" ? 0 : goldenOf(stack).length;
  const through = (): boolean =>
    recorder.registered.length >= expected &&
    recorder.registered.every(({ custom, urn }) => custom || recorder.outputs.has(urn));
  const wait = async (): Promise<void> => {
    while (!through()) await new Promise((done) => setImmediate(done));
  };
  await Promise.race([recorder.refused, wait()]);
  await requestsDone();
  return { recorder, result };
}

/** The value of an output that has to be there. */
const known = async <T>(output: pulumi.Output<T> | undefined): Promise<T> => {
  assert.ok(output !== undefined);
  return valueOf(output);
};

const stacks = [
  ["homelab", homelab],
  ["a100", () => rented("a100")],
  ["qwen3-235b", () => rented("qwen3-235b")],
] as const;

for (const [stack, values] of stacks)
  describe(`the program of the committed Pulumi.${stack}.yaml, filled in`, () => {
    afterEach(() => pulumi.runtime.setAllConfig({}));

    for (const preview of [false, true])
      it(`registers exactly the golden URNs in ${preview ? "a preview" : "an up"}, as far as its API`, async () => {
        const { recorder, result } = await run(stack, values(), preview);
        if (process.env["UPDATE_GOLDEN"] === "1") agree(stack, recorder);
        // A URN is identity: another one means that a host, a VM or a cluster is made again. Add an alias with the change.
        assert.deepEqual(recorder.registered.map(({ urn }) => urn).toSorted(), goldenOf(stack));
        assert.equal(await known(result.endpoint), preview ? undefined : "https://llm.lan/v1");
        assert.ok(result.kubeconfig !== undefined && (await pulumi.isSecret(result.kubeconfig)));
        assert.equal((await known(result.ready)) === undefined, preview);
      });

    it("shows no secret", async () => {
      const { recorder } = await run(stack, values(), false);
      for (const { name, inputs } of recorder.registered) {
        const open = Object.fromEntries(Object.entries(inputs).filter(([, value]) => !isWrapped(value)));
        const text = JSON.stringify(open, (_, value: unknown) => (isWrapped(value) ? "(secret)" : value));
        assert.doesNotMatch(text, /CANARY|PRIVATE KEY|12345678-1234/, name);
      }
    });
  });

describe("the program of the homelab", () => {
  afterEach(() => pulumi.runtime.setAllConfig({}));
  const vfio = (recorder: Recorder, name: string) => recorder.get(name).inputs;

  it("gives each GPU as its host was found to have it, and the VMs the public half of the nodes' key", async () => {
    const { recorder } = await run("homelab", homelab(), false);
    const { maps } = recorder.get("w-gpu-1-0000:65:00.0").inputs as { maps: readonly object[] };
    assert.deepEqual(maps, [
      { node: "srv1", path: "0000:65:00", id: "10de:2204", subsystemId: "1043:87af", iommuGroup: 21 },
    ]);
    const { initialization } = recorder.get("w-gpu-1-vm").inputs as { initialization: { userAccount: object } };
    assert.deepEqual(initialization.userAccount, { username: "tokenrack", keys: [sshPublicKey] });
  });

  it("makes all on Proxmox with its own provider, and protects masters and data", async () => {
    const { recorder } = await run("homelab", homelab(), false);
    const { urn } = recorder.get("proxmox");
    const made = recorder.registered.filter(({ type }) => type.startsWith("proxmoxve:"));
    assert.ok(made.every(({ provider }) => provider.startsWith(urn)));
    assert.deepEqual(
      recorder.registered
        .filter(({ protect }) => protect)
        .map(({ name }) => name)
        .toSorted(),
      [...["master", "w-db"].flatMap((pool) => [1, 2, 3].map((node) => `${pool}-${node}-vm`)), "models-volume"].sort(),
    );
  });

  it("asks the first master's own host for its key, and takes no other", async () => {
    const { recorder, result } = await run("homelab", homelab(), false);
    const { connection } = recorder.get("master-host-key").inputs as { connection: { host: string } };
    const inside = isWrapped(connection) ? (connection.value as { host: string }) : connection;
    assert.equal(inside.host, "192.168.2.3");
    assert.equal(await known(result.masterHostKey), hostKey);
    assert.match(JSON.stringify(vfio(recorder, "cluster-bootstrap")["stdin"]), /masterHostKey ssh-ed25519 AAAA/);
    const pinned = changed(homelab(), "cluster.masterHostKey", hostKey);
    const again = await record({ preview: false, outputs, stack: "homelab" });
    configure(pinned);
    stackProgram();
    await requestsDone();
    assert.ok(!again.registered.some(({ name }) => name === "master-host-key"));
  });

  it("hands each secret to the object that names it, and to no other", async () => {
    const ca = selfSigned("ca", true);
    const user = (name: string) => ({ name, email: `${name}@my.org`, accessLevel: "User" });
    const hash = (letter: string): string => `$2y$10$${letter.repeat(53)}`;
    const cluster = {
      internalCa: { name: "inter-ca", certificate: ca.certificate },
      users: [user("ann"), user("bob")],
    };
    const stack = { ...homelab(), cluster: Object.assign({}, homelab()["cluster"], cluster) };
    const recorder = await record({ preview: false, outputs, stack: "homelab" });
    const clusterPasswordHashes = JSON.stringify({ ann: hash("a"), bob: hash("b") });
    configure({ ...stack, clusterPasswordHashes, internalCaKey: ca.key });
    stackProgram();
    await requestsDone();
    const stdin = (name: string): string => {
      const { stdin: value } = recorder.get(name).inputs;
      assert.ok(isWrapped(value), `${name} has an open input`);
      return String(value.value);
    };
    const base64 = (text: string): string => Buffer.from(text).toString("base64");
    assert.match(stdin("cluster-user-ann"), new RegExp(`\\npassword-ann ${base64(hash("a"))}\\n$`));
    assert.match(stdin("cluster-user-bob"), new RegExp(`\\npassword-bob ${base64(hash("b"))}\\n$`));
    assert.ok(stdin("cluster-secret-inter-ca-key-pair").endsWith(`\nca-inter-ca ${base64(ca.key)}\n`));
    for (const { name, inputs } of recorder.registered) {
      if (/^cluster-(?:user-|secret-)/.test(name)) continue;
      assert.ok(!JSON.stringify(inputs).includes(base64(ca.key).slice(0, 60)), name);
    }
  });

  it("knows of no cluster in a first preview, and of every VM", async () => {
    const { recorder } = await run("homelab", homelab(), true);
    const { connection } = recorder.get("cluster-identity").inputs;
    assert.match(JSON.stringify(connection), new RegExp(unknown));
    assert.equal(recorder.registered.filter(({ type }) => type.endsWith(":VmLegacy")).length, 16);
  });
});

describe("a fault in a stack on a cluster", () => {
  afterEach(() => pulumi.runtime.setAllConfig({}));
  const image = (stack: Record<string, unknown>) => changed(stack, "platform.image", undefined);
  const ingress = {
    name: "in",
    ingressClass: "external-ingress",
    addresses: "192.168.3.60-192.168.3.70",
    nodeSelector: { a: "b" },
  };
  const cases: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
    ["of a plan", changed(rented("a100"), "models[0].tensorParallel", 8), /models\[0\]\.tensorParallel: found TP 8/],
    [
      "of a file that it names",
      changed(rented("a100"), "models[0].config", "/no/such/config.json"),
      /models\[0\]\.config: found \/no\/such\/config\.json, which cannot be read/,
    ],
    ["of an image", image(homelab()), /platform\.image: found nothing/],
    [
      "of what is in the cluster",
      changed(homelab(), "cluster.ingress", [ingress]),
      /cluster\.ingress\[0\]\.addresses: .*the address of node w-gpu-3[\s\S]*cluster\.ingress\[0\]\.nodeSelector: found a=b/,
    ],
  ];
  for (const [what, stack, message] of cases)
    it(`${what} stops everything before any resource`, async () => {
      const recorder = await record({ preview: false });
      configure(stack);
      assert.throws(stackProgram, (error) => error instanceof UserError && message.test(error.message));
      await requestsDone();
      assert.deepEqual(recorder.registered, []);
    });
});
