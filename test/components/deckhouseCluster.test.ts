import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { DeckhouseCluster, type DeckhouseClusterArgs } from "../../components/deckhouseCluster";
import { renderDeckhouse } from "../../render/deckhouse";
import { homelab, small } from "../render/deckhouse/cases";
import { isWrapped, record, unknown, type Recorder, type Registration } from "../support/mocks";
import { settle, valueOf } from "../support/settle";

const canaries = {
  key: "-----BEGIN OPENSSH PRIVATE KEY-----\nCANARY-key\n-----END OPENSSH PRIVATE KEY-----\n",
  licence: "CANARY-licence",
  ceph: "CANARY-ceph",
  hash: "$2y$10$CANARYdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ012",
  ca: "CANARY-ca",
} as const;
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const adminConf = "clusters:\n- cluster: { server: https://127.0.0.1:6445 }\n  name: CANARY-admin\n";

const args = (change: Partial<DeckhouseClusterArgs> = {}): DeckhouseClusterArgs => ({
  cluster: "homelab",
  input: homelab,
  master: {
    address: "192.168.3.51",
    port: 22,
    user: "tokenrack",
    hostKey: "ssh-ed25519 AAAAhost",
    privateKey: pulumi.secret(canaries.key),
  },
  stateDirectory: "/house/state",
  secrets: {
    deckhouseLicenseKey: pulumi.secret(canaries.licence),
    "ceph-pve-rbd": pulumi.secret(canaries.ceph),
    "ceph-pve-fs": pulumi.secret(canaries.ceph),
    "password-admin": pulumi.secret(canaries.hash),
    "ca-inter-ca": pulumi.secret(canaries.ca),
  },
  machines: { "master-1": "vm-master-1", "w-gpu-1": "vm-w-gpu-1" },
  ...change,
});

/** What a registration says of its options; the mocks keep only some. */
interface Options {
  readonly secretOutputs: readonly string[];
  readonly dependencies: readonly string[];
  readonly deletedWith: string;
}

/** Reads the options off the requests, beside the mocks. */
function watchOptions(): Map<string, Options> {
  const seen = new Map<string, Options>();
  const monitor = pulumi.runtime.getMonitor() as unknown as {
    registerResource: (request: object, callback: unknown) => Promise<void>;
  };
  const register = monitor.registerResource.bind(monitor);
  const ask = (request: object, getter: string): unknown =>
    (Reflect.get(request, getter) as () => unknown).call(request);
  monitor.registerResource = (request, callback) => {
    seen.set(String(ask(request, "getName")), {
      secretOutputs: ask(request, "getAdditionalsecretoutputsList") as string[],
      dependencies: ask(request, "getDependenciesList") as string[],
      deletedWith: String(ask(request, "getDeletedwith")),
    });
    return register(request, callback);
  };
  return seen;
}

const outputs = (name: string): Record<string, unknown> => {
  if (name === "dh-identity") return { stdout: "uid-1" };
  if (name === "dh-kubeconfig") return { stdout: adminConf };
  return name === "dh-ready" ? { stdout: '{"master":3}' } : { stdout: name };
};

const make = async (preview: boolean, change: Partial<DeckhouseClusterArgs> = {}) => {
  const recorder = await record({ preview, outputs });
  const options = watchOptions();
  const cluster = new DeckhouseCluster("dh", args(change));
  await settle(recorder, cluster);
  return { recorder, options, cluster };
};

const text = ({ inputs }: Registration, name: string): string => {
  const value = inputs[name];
  return String(isWrapped(value) ? value.value : value);
};
/** A connection comes wrapped as a whole: the SDK takes all of it for a secret. */
function connectionOf({ inputs }: Registration): Record<string, unknown> {
  assert.ok(isWrapped(inputs["connection"]));
  return inputs["connection"].value as Record<string, unknown>;
}
const namesOf = (recorder: Recorder): readonly string[] => recorder.registered.slice(1).map(({ name }) => name);

for (const preview of [false, true])
  describe(`DeckhouseCluster in ${preview ? "a preview" : "an up"}`, () => {
    let made: Awaited<ReturnType<typeof make>>;
    before(async () => (made = await make(preview)));

    it("has the same resources: its stages, and one for each object", () => {
      const { recorder } = made;
      const objects = renderDeckhouse(homelab).objects.map(({ kind, name }) => `dh-${kind.toLowerCase()}-${name}`);
      const stages = ["dh-bootstrap", "dh-identity", "dh-kubeconfig", "dh-ready", "dh-version"];
      assert.deepEqual([...namesOf(recorder)].sort(), [...stages, ...objects].sort());
      const parent = recorder.get("dh").urn;
      for (const child of recorder.registered.slice(1)) {
        assert.deepEqual([child.parent, child.deleteBeforeReplace], [parent, true], child.name);
      }
      assert.deepEqual(recorder.get("dh").inputs, {});
    });

    it("works on this machine for the installer alone, and else on the master, by its host key", () => {
      for (const one of made.recorder.registered.slice(1)) {
        const here = one.name === "dh-bootstrap";
        assert.equal(one.type, here ? "command:local:Command" : "command:remote:Command", one.name);
        if (here) continue;
        const { host, user, port, hostKey } = connectionOf(one);
        assert.deepEqual([host, user, port, hostKey], ["192.168.3.51", "tokenrack", 22, "ssh-ed25519 AAAAhost"]);
      }
    });

    it("keeps every secret out of commands, triggers and outputs", () => {
      for (const registration of made.recorder.registered) {
        const { create, delete: remove, triggers, stdin } = registration.inputs;
        assert.doesNotMatch(JSON.stringify([create, remove, triggers]), /CANARY/, registration.name);
        if (/CANARY|Q0FOQVJZ/.test(JSON.stringify(stdin ?? ""))) assert.ok(isWrapped(stdin), registration.name);
      }
    });

    it("shows manifests as they are, with the names of secrets", () => {
      const create = text(made.recorder.get("dh-nodegroup-w-gpu"), "create");
      assert.match(create, /\nobject=\$\(cat <<'TOKENRACK_TEXT'\napiVersion: deckhouse\.io\/v1\n[^]*\n {4}count: 3\n/);
      assert.match(text(made.recorder.get("dh-bootstrap"), "create"), /license: "\$\{secret: deckhouseLicenseKey\}"/);
      assert.ok(create.length < 1500, String(create.length));
    });
  });

describe("DeckhouseCluster", () => {
  it("gives the kubeconfig with the master's address, as a secret, and logs nothing of it", async () => {
    const { recorder, options, cluster } = await make(false);
    const kubeconfig = parse(await valueOf(cluster.kubeconfig)) as { clusters: { cluster: { server: string } }[] };
    assert.equal(kubeconfig.clusters[0]?.cluster.server, "https://192.168.3.51:6443");
    assert.ok(await pulumi.isSecret(cluster.kubeconfig));
    assert.deepEqual(options.get("dh-kubeconfig")?.secretOutputs, ["stdout", "stderr", "connection"]);
    assert.equal(recorder.get("dh-kubeconfig").inputs["logging"], "none");
    const pools = { master: 3, "w-std": 6, "w-db": 3, "w-gpu": 3, "w-gpu-3060": 1 };
    assert.deepEqual(JSON.parse(await valueOf(cluster.ready)), pools);
    const registered = recorder.outputs.get(recorder.get("dh").urn) ?? {};
    assert.deepEqual(Object.keys(registered).sort(), ["kubeconfig", "ready"]);
    assert.ok(isWrapped(registered["kubeconfig"]));
  });

  it("encodes each secret for who reads it", async () => {
    const { recorder } = await make(false);
    const lines = (name: string): string => text(recorder.get(name), "stdin");
    assert.ok(lines("dh-sshcredentials-tokenrack-nodes").endsWith(`\nnodeSshKey.base64 ${base64(canaries.key)}\n`));
    assert.ok(lines("dh-user-admin").endsWith(`\npassword-admin ${base64(canaries.hash)}\n`));
    assert.ok(lines("dh-secret-inter-ca-key-pair").endsWith(`\nca-inter-ca ${base64(canaries.ca)}\n`));
    assert.ok(lines("dh-cephclusterconnection-pve-rbd").endsWith(`\nceph-pve-rbd ${canaries.ceph}\n`));
    for (const line of ["masterHostKey ssh-ed25519 AAAAhost", `deckhouseLicenseKey ${canaries.licence}`]) {
      assert.ok(lines("dh-bootstrap").includes(`\n${line}\n`), line);
    }
    assert.doesNotMatch(lines("dh-nodegroup-w-gpu"), /CANARY/);
  });

  it("waits only for what an object needs", async () => {
    const { recorder, options } = await make(false);
    const waits = (name: string): string[] =>
      (options.get(name)?.dependencies ?? [])
        .map((urn) => urn.split("::").at(-1) ?? "")
        .filter((other) => other !== "dh-identity")
        .sort();
    assert.deepEqual(waits("dh-moduleconfig-global"), []);
    assert.deepEqual(waits("dh-staticinstance-w-gpu-1"), ["dh-sshcredentials-tokenrack-nodes"]);
    assert.deepEqual(waits("dh-nodegroup-w-gpu-3060"), ["dh-moduleconfig-global", "dh-staticinstance-w-gpu-3060-1"]);
    assert.deepEqual(waits("dh-kubeconfig"), []);
    assert.deepEqual(waits("dh-identity"), ["dh-bootstrap"]);
    const ready = waits("dh-ready");
    const nodes = namesOf(recorder).filter((name) => /-(nodegroup|staticinstance)-/.test(name));
    assert.deepEqual(ready, [...nodes].sort());
  });

  it("takes a machine out in Deckhouse's order, and leaves what Deckhouse made itself", async () => {
    const { recorder } = await make(false);
    const gone = text(recorder.get("dh-staticinstance-w-gpu-1"), "delete");
    assert.match(gone, /\nname=w-gpu-1\ngroup=w-gpu\nselector=tokenrack\.io\/pool=w-gpu\n[^]*\nstage_node_remove$/);
    assert.match(text(recorder.get("dh-nodegroup-w-gpu"), "delete"), /\nstage_delete$/);
    for (const name of ["dh-nodegroup-master", "dh-moduleconfig-global", "dh-moduleconfig-deckhouse"]) {
      assert.equal(recorder.get(name).inputs["delete"], undefined, name);
    }
  });

  it("makes everything anew on another master, and one node on another machine", async () => {
    const { recorder } = await make(false);
    const triggers = (name: string): unknown => recorder.get(name).inputs["triggers"];
    assert.deepEqual(triggers("dh-bootstrap"), ["vm-master-1"]);
    assert.deepEqual(triggers("dh-identity"), ["vm-master-1"]);
    assert.deepEqual(triggers("dh-staticinstance-w-gpu-1"), ["uid-1", "vm-w-gpu-1"]);
    assert.deepEqual(triggers("dh-staticinstance-w-gpu-2"), ["uid-1"]);
    const preview = await make(true);
    assert.deepEqual(preview.recorder.get("dh-nodegroup-w-gpu").inputs["triggers"], [unknown]);
  });

  it("runs the installer on a bootstrap host where there is one", async () => {
    const host = { address: "10.0.0.9", port: 2022, user: "ops", hostKey: "ssh-ed25519 BBBB", privateKey: "k" };
    const { recorder } = await make(false, { bootstrapHost: host });
    assert.equal(recorder.get("dh-bootstrap").type, "command:remote:Command");
    const { hostKey, host: address } = connectionOf(recorder.get("dh-bootstrap"));
    assert.deepEqual([address, hostKey], ["10.0.0.9", "ssh-ed25519 BBBB"]);
  });

  it("tells the installer's host the CA of a registry of one's own, and takes it back with the installation", async () => {
    const registry = { imagesRepo: "registry.lan:5000/deckhouse/ce", ca: "-----BEGIN CERTIFICATE-----\nMIIB\n" };
    const { recorder } = await make(false, { input: { ...small, registry } });
    const { create, delete: remove } = recorder.get("dh-bootstrap").inputs;
    for (const command of [create, remove]) {
      assert.match(String(command), /\nregistry_host=registry\.lan:5000\n/);
      assert.match(String(command), /\nregistry_ca=.*\n-----BEGIN CERTIFICATE-----\nMIIB\n/);
    }
  });

  it("refuses a secret that is needed and not given, by name", async () => {
    await record({ preview: true, outputs });
    const few = args({ secrets: {} });
    assert.throws(() => new DeckhouseCluster("dh", few), /needed and not given/);
    const none = await make(true, { input: small, secrets: {} });
    assert.equal(namesOf(none.recorder).includes("dh-user-admin"), false);
  });

  it("puts a group in again when a machine of it comes back as another: taking it out has lowered the count", async () => {
    const { recorder } = await make(false);
    const ids = ["w-gpu-1", "w-gpu-2", "w-gpu-3"].map((name) => `dh-staticinstance-${name}-id`);
    assert.ok(text(recorder.get("dh-nodegroup-w-gpu"), "stdin").endsWith(`\nmachines ${ids.join(",")}\n`));
    assert.equal(recorder.get("dh-nodegroup-w-gpu").inputs["triggers"]?.toString(), "uid-1");
    assert.doesNotMatch(text(recorder.get("dh-moduleconfig-global"), "stdin"), /\nmachines /);
  });

  it("goes with the first master's VM, where it is told which that is", async () => {
    const recorder = await record({ preview: false, outputs });
    const options = watchOptions();
    const vm = new pulumi.ComponentResource("tokenrack:index:LocalRay", "vm");
    const cluster = new DeckhouseCluster("dh", args(), { deletedWith: vm });
    await settle(recorder, cluster);
    const urn = await valueOf(vm.urn);
    assert.equal(options.get("dh-nodegroup-w-gpu")?.deletedWith, urn);
    // The engine gives it to children of a component that has it.
    assert.deepEqual([options.get("dh-bootstrap")?.deletedWith, options.get("dh")?.deletedWith], ["", ""]);
  });
});
