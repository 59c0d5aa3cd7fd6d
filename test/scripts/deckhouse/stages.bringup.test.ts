import assert from "node:assert/strict";
import { parse, stringify } from "yaml";
import { daySettings, renderDeckhouse, type ClusterObject } from "../../../render/deckhouse";
import { toYaml } from "../../../render/text";
import { homelab } from "../../render/deckhouse/cases";
import { MadeMaster, type Ended } from "./madeMaster";

const { objects, pools } = renderDeckhouse(homelab);
const canary = 'CANARY"\\with-signs';

describe("the stages on a master, with a simulated Deckhouse", function () {
  this.timeout(60_000);
  const master = new MadeMaster();
  before(() => master.start());
  beforeEach(() => master.installed());
  after(() => master.end());

  const common = { poll_seconds: "0", wait_seconds: "20", namespace: "" };
  const secrets = Object.fromEntries(
    ["ca-inter-ca", "ceph-pve-fs", "ceph-pve-rbd", "nodeSshKey.base64", "password-admin"].map((name) => [name, canary]),
  );
  const apply = ({ kind, name, manifest }: ClusterObject, more: Record<string, string> = {}): Promise<Ended> =>
    master.run(
      "apply",
      { ...common, kind, name, object: toYaml(manifest), ...more },
      { secrets: { ...secrets, deckhouseLicenseKey: canary } },
    );
  const find = (id: string): ClusterObject => {
    const object = objects.find((one) => one.id === id);
    assert.ok(object !== undefined, id);
    return object;
  };
  const poolLines = (names: readonly string[]): string =>
    pools
      .filter(({ name }) => names.includes(name))
      .map(({ name, count }) => `${name} ${count}`)
      .join("\n");
  /** The pool of three GPUs, up and ready. */
  const gpuPool = async (): Promise<void> => {
    const mine = objects.filter(({ id }) => /^(ModuleConfig\/global|SSHCredentials|.*\/w-gpu(-\d)?)(\/.*)?$/.test(id));
    for (const object of mine) assert.equal((await apply(object)).code, 0, object.id);
    const { code, err } = await master.run("ready", { ...common, pools: poolLines(["w-gpu"]) });
    assert.equal(code, 0, err);
  };

  it("apply puts in every object of the homelab, in their order, and a second time writes nothing", async () => {
    for (const object of objects) {
      const { code, err, out } = await apply(object);
      assert.equal(code, 0, `${object.id}: ${err}`);
      assert.equal(out.trim(), object.id);
    }
    const stored = master.read().objects;
    assert.deepEqual(Object.keys(stored).sort(), objects.map(({ id }) => id).sort());
    assert.equal(stored["CephClusterConnection/pve-rbd"]?.spec?.["userKey"], canary);
    const before = master.writes();
    for (const id of ["ModuleConfig/global", "NodeGroup/w-gpu", "StaticInstance/w-gpu-1"]) await apply(find(id));
    assert.deepEqual(master.writes(), before);
  });

  it("apply waits for a module that is not up yet, for a kind that is not served yet, and for an API that restarts", async () => {
    for (const message of [
      "dial tcp: connect: connection refused",
      "Error from server (NotFound): the server could not find the requested resource (patch moduleconfigs.deckhouse.io global)",
    ]) {
      master.change((world) => (world.failing = { times: 3, message }));
      const { code, err } = await apply(find("ModuleConfig/global"));
      assert.equal(code, 0, err);
      assert.ok(err.includes(`ModuleConfig global waits: ${message}`), err);
    }
    const late = await apply(find("CephStorageClass/ceph-rbd-sc"), { wait_seconds: "0" });
    assert.equal(late.code, 1);
    assert.match(late.err, /after 0 s still: .*no matches for kind "CephStorageClass"/);
  });

  it("apply tells at once what no waiting mends, without the secret in it", async () => {
    const taint = await apply(find("NodeGroup/w-gpu"));
    assert.equal(taint.code, 1);
    assert.match(taint.err, /taints not specified in ModuleConfig "global".*add: dedicated\.homelab/);
    master.change((world) => (world.failing = { times: 1, message: `invalid value "${canary}"` }));
    const quoted = await apply(find("SSHCredentials/tokenrack-nodes"));
    assert.equal(quoted.code, 1);
    assert.match(quoted.err, /\[a line with a secret, left out\]/);
    assert.doesNotMatch(quoted.err + quoted.out, /CANARY/);
    const none = await master.run("apply", {
      ...common,
      kind: "SSHCredentials",
      name: "x",
      object: toYaml(find("SSHCredentials/tokenrack-nodes").manifest),
    });
    assert.equal(none.code, 3);
  });

  it("ready waits until every pool has its nodes, and tells which it waits for", async () => {
    await gpuPool();
    const { err, out } = await master.run("ready", {
      ...common,
      pools: poolLines(["master", "w-gpu"]),
      wait_seconds: "0",
    });
    assert.match(err, /after 0 s: master 1 of 3 Ready/);
    assert.equal(out, "");
    const ready = await master.run("ready", { ...common, pools: poolLines(["w-gpu"]) });
    assert.deepEqual(JSON.parse(ready.out), { "w-gpu": 3 });
    master.change((world) =>
      Object.assign(world, { stuck: true, nodes: world.nodes.map((node) => ({ ...node, ready: false })) }),
    );
    const stuck = await master.run("ready", { ...common, pools: poolLines(["w-gpu"]), wait_seconds: "0" });
    assert.match(stuck.err, /w-gpu 0 of 3 Ready/);
  });

  const remove = (name: string): Promise<Ended> =>
    master.run("node_remove", { ...common, name, group: "w-gpu", selector: "tokenrack.io/pool=w-gpu" });

  it("takes out the node that goes and no other, in Deckhouse's order", async () => {
    await gpuPool();
    const before = master.writes().length;
    // First the engine updates the group, with its new count; only then it deletes the machine.
    const group = find("NodeGroup/w-gpu");
    const spec = group.manifest["spec"] as { staticInstances: object };
    const smaller = { ...group.manifest, spec: { ...spec, staticInstances: { ...spec.staticInstances, count: 2 } } };
    assert.equal((await apply({ ...group, manifest: smaller })).code, 0);
    assert.equal(master.read().nodes.filter((node) => node.group === "w-gpu").length, 3);
    const { code, err } = await remove("w-gpu-2");
    assert.equal(code, 0, err);
    assert.deepEqual(master.writes().slice(before), [
      "label w-gpu-2 node.deckhouse.io/allow-bootstrap=false",
      "delete StaticInstance/w-gpu-2",
      "patch w-gpu 2",
    ]);
    const names = master.read().nodes.map(({ name }) => name);
    assert.deepEqual(names.sort(), ["master-1", "w-gpu-1", "w-gpu-3"]);
    const done = master.writes();
    assert.equal((await remove("w-gpu-2")).code, 0);
    assert.deepEqual(master.writes(), done);
  });

  it("goes on with a removal that was cut off", async () => {
    await gpuPool();
    master.change((world) => {
      const instance = world.objects["StaticInstance/w-gpu-1"];
      if (instance !== undefined)
        instance.metadata.labels = { ...instance.metadata.labels, "node.deckhouse.io/allow-bootstrap": "false" };
    });
    assert.equal((await remove("w-gpu-1")).code, 0);
    assert.ok(!master.read().nodes.some(({ name }) => name === "w-gpu-1"));
    master.change((world) => {
      // Cut off between the two last steps: the machine is gone, the count is not.
      world.objects = Object.fromEntries(
        Object.entries(world.objects).filter(([id]) => id !== "StaticInstance/w-gpu-2"),
      );
    });
    assert.equal((await remove("w-gpu-2")).code, 0);
    const count = master.read().objects["NodeGroup/w-gpu"]?.spec?.["staticInstances"];
    assert.equal((count as { count: number }).count, 1);
  });

  it("delete takes an object out, and finds nothing wrong with one that is not there", async () => {
    await apply(find("ModuleConfig/global"));
    const settings = { ...common, kind: "ModuleConfig", name: "global" };
    assert.equal((await master.run("delete", settings)).code, 0);
    assert.equal(master.read().objects["ModuleConfig/global"], undefined);
    assert.equal((await master.run("delete", settings)).code, 0);
  });

  it("kubeconfig waits for the API and prints the file alone", async () => {
    master.change((world) => (world.failing = { times: 2, message: "connection refused" }));
    const { code, out, err } = await master.run("kubeconfig", common);
    assert.deepEqual([code, out, err], [0, "clusters:\n- cluster: { server: https://127.0.0.1:6445 }\n", ""]);
  });

  it("work over SSH, and do nothing when the script was cut off on its way", async () => {
    const { code, out, err } = await master.overSsh("identity", common);
    assert.deepEqual([code, out], [0, "uid-1"], err);
    const cut = await master.overSsh("delete", { ...common, kind: "ModuleConfig", name: "global" }, 700);
    assert.equal(cut.code, 1);
    assert.equal(cut.err, "the script was cut off on its way: run again\n");
    assert.deepEqual(master.writes(), []);
  });

  describe("version", () => {
    const { proxy: noProxy, ...wanted } = daySettings({
      ...homelab,
      cluster: { ...homelab.cluster, kubernetesVersion: "1.34", proxy: undefined },
    });
    assert.equal(noProxy, "");
    const made = {
      kind: "ClusterConfiguration",
      kubernetesVersion: "1.33",
      defaultCRI: wanted["default_cri"],
      clusterDomain: wanted["cluster_domain"],
      podSubnetCIDR: wanted["pod_subnet"],
      serviceSubnetCIDR: wanted["service_subnet"],
      encryptionAlgorithm: "RSA-2048",
    };
    const proxy = { httpsProxy: "http://proxy.lan:3128", noProxy: ["192.168.2.0/23", ".lan"] };
    beforeEach(() => master.change((world) => (world.clusterConfiguration = stringify(made))));
    const run = (settings: object): Promise<Ended> =>
      master.run("version", { ...common, ...wanted, proxy: "", ...settings });

    it("changes Kubernetes' version alone, once", async () => {
      const { code, err } = await run({});
      assert.equal(code, 0, err);
      assert.match(err, /Kubernetes 1\.33 becomes 1\.34/);
      assert.deepEqual(parse(master.read().clusterConfiguration), { ...made, kubernetesVersion: "1.34" });
      assert.equal((await run({})).code, 0);
      assert.deepEqual(master.writes(), ["edit cluster-configuration"]);
    });

    it("sets, changes and takes away the proxy, each once, and the container runtime", async () => {
      const now = { ...made, kubernetesVersion: "1.34" };
      for (const [settings, expected] of [
        [{ proxy: toYaml(proxy) }, { ...now, proxy }],
        [{ proxy: toYaml({ ...proxy, noProxy: [".lan"] }) }, { ...now, proxy: { ...proxy, noProxy: [".lan"] } }],
        [{ default_cri: "ContainerdV2" }, { ...now, defaultCRI: "ContainerdV2" }],
      ] as const) {
        const before = master.writes().length;
        for (const round of ["first", "second"]) {
          const { code, err } = await run(settings);
          assert.equal(code, 0, `${round}: ${err}`);
          assert.deepEqual(parse(master.read().clusterConfiguration), expected);
        }
        assert.equal(master.writes().length, before + 1);
      }
    });

    it("finds the proxy that the installer wrote, however it is indented, and writes nothing", async () => {
      const text = `${stringify({ ...made, kubernetesVersion: "1.34" })}proxy:\n  httpsProxy: ${proxy.httpsProxy}\n  noProxy:\n  - 192.168.2.0/23\n  - .lan\n`;
      master.change((world) => (world.clusterConfiguration = text));
      assert.equal((await run({ proxy: toYaml(proxy) })).code, 0);
      assert.deepEqual(master.writes(), []);
    });

    for (const [field, setting, other] of [
      ["podSubnetCIDR", "pod_subnet", "10.112.0.0/16"],
      ["serviceSubnetCIDR", "service_subnet", "10.223.0.0/16"],
      ["clusterDomain", "cluster_domain", "other.local"],
    ] as const)
      it(`refuses another ${field}, and changes nothing`, async () => {
        const { code, err } = await run({ [setting]: other });
        assert.equal(code, 3);
        assert.ok(err.includes(`${other} in the stack, and the cluster has ${String(made[field])}`), err);
        assert.deepEqual(master.writes(), []);
      });
  });
});
