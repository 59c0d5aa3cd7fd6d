import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { renderDeckhouse } from "../../../render/deckhouse";
import { step } from "../../../sim/dhctl/controllers";
import { dhctl } from "../../../sim/dhctl/dhctl";
import { checkDocuments, type Document } from "../../../sim/dhctl/documents";
import { parseFlags } from "../../../sim/dhctl/flags";
import { refusal } from "../../../sim/dhctl/kinds";
import { readWorld, type StoredObject, type World } from "../../../sim/dhctl/world";
import { homelab, small } from "../../render/deckhouse/cases";
import { Environment, Place, written } from "../../support/fixtures";

const cluster: Document = {
  apiVersion: "deckhouse.io/v1",
  kind: "ClusterConfiguration",
  clusterType: "Static",
  podSubnetCIDR: "10.111.0.0/16",
  serviceSubnetCIDR: "10.222.0.0/16",
  kubernetesVersion: "Automatic",
  clusterDomain: "cluster.local",
};

describe("the simulated dhctl", () => {
  const place = new Place();
  const environment = new Environment();
  let directory: string;
  beforeEach(() => {
    directory = place.make(`run-${Math.floor(process.hrtime()[1])}`);
    mkdirSync(`${directory}/cache`);
    writeFileSync(`${directory}/key`, "-----BEGIN OPENSSH PRIVATE KEY-----", { mode: 0o600 });
    writeFileSync(`${directory}/config.yml`, renderDeckhouse(small).bootstrap);
    environment.set("TOKENRACK_SIM_WORLD", directory);
    const mounts = {
      "/key": `${directory}/key`,
      "/config.yml": `${directory}/config.yml`,
      "/tmp/dhctl": `${directory}/cache`,
    };
    environment.set("TOKENRACK_SIM_MOUNTS", JSON.stringify(mounts));
  });
  afterEach(() => environment.restore());
  after(() => place.remove());

  const flags = ["--ssh-host=10.0.0.1", "--ssh-agent-private-keys=/key", "--config=/config.yml"];
  const run = async (...args: string[]): Promise<{ code: number; said: string }> => {
    let code = -1;
    const said = await written("stdout", async () => void (code = await dhctl(args)));
    return { code, said };
  };

  it("installs once: the tombstone refuses a second bootstrap", async () => {
    const first = await run("bootstrap", ...flags);
    assert.equal(first.code, 0, first.said);
    assert.ok(readWorld().deckhouse);
    const second = await run("bootstrap", ...flags);
    assert.equal(second.code, 1);
    assert.match(second.said, /probably bootstrapped successfully[^]*delete the cache folder manually/);
  });

  it("refuses an installed cluster whose cache is not there, and a node with leftovers", async () => {
    await run("bootstrap", ...flags);
    mkdirSync(`${directory}/other`);
    const mounts = {
      "/key": `${directory}/key`,
      "/config.yml": `${directory}/config.yml`,
      "/tmp/dhctl": `${directory}/other`,
    };
    environment.set("TOKENRACK_SIM_MOUNTS", JSON.stringify(mounts));
    const { code, said } = await run("bootstrap", ...flags);
    assert.equal(code, 1);
    assert.match(said, /leftovers/);
  });

  it("goes on from its cache, and refuses steps that were made from another configuration", async () => {
    environment.set("TOKENRACK_SIM_FAIL", "InstallDeckhouse");
    assert.equal((await run("bootstrap", ...flags)).code, 1);
    environment.set("TOKENRACK_SIM_FAIL", undefined);
    const before = readFileSync(`${directory}/config.yml`, "utf8");
    writeFileSync(`${directory}/config.yml`, before.replace("10.111.0.0", "10.110.0.0"));
    assert.match((await run("bootstrap", ...flags)).said, /cannot safely resume.*001_install_packages\.sh/);
    writeFileSync(`${directory}/config.yml`, before);
    const { code, said } = await run("bootstrap", ...flags);
    assert.equal(code, 0);
    assert.match(said, /Cluster UUID from cache[^]*Step 001_install_packages\.sh is done already/);
  });

  it("destroys only when told that one is sane", async () => {
    await run("bootstrap", ...flags);
    assert.equal((await run("destroy", "--ssh-host=10.0.0.1")).code, 1);
    assert.ok(readWorld().deckhouse);
    const sane = "--yes-i-am-sane-and-i-understand-what-i-am-doing";
    assert.equal((await run("destroy", "--ssh-host=10.0.0.1", sane)).code, 0);
    assert.ok(!readWorld().deckhouse && !existsSync(`${directory}/admin.conf`));
  });

  it("ends on a flag that it does not know, on two hosts, and on a host that is missing", async () => {
    assert.match((await run("bootstrap", "--sshhost=x")).said, /unknown long flag '--sshhost=x', try --help/);
    assert.equal(parseFlags(["--ssh-host=a", "--ssh-host=b"]), "a static cluster takes exactly one --ssh-host");
    assert.match((await run("bootstrap", "--config=/config.yml")).said, /requires --ssh-host/);
  });

  it("checks documents: kinds, versions, fields, networks", () => {
    const fault = (...documents: Document[]): string | undefined => checkDocuments(documents);
    assert.equal(fault(cluster), undefined);
    assert.match(fault() ?? "", /ClusterConfiguration section is required/);
    assert.match(fault({ ...cluster, apiVersion: "deckhouse.io/v2" }) ?? "", /wasn't found/);
    assert.match(fault({ ...cluster, releaseChannel: "Stable" }) ?? "", /\.releaseChannel is a forbidden property/);
    assert.match(fault({ ...cluster, serviceSubnetCIDR: undefined }) ?? "", /\.serviceSubnetCIDR is required/);
    assert.match(fault({ ...cluster, serviceSubnetCIDR: "10.111.4.0/24" }) ?? "", /cidr-intersection/);
    const config = { apiVersion: "deckhouse.io/v1alpha1", kind: "ModuleConfig", metadata: { name: "x" } };
    assert.match(
      fault(cluster, { ...config, spec: { enabled: true, settings: {} } }) ?? "",
      /spec\.version is required/,
    );
    assert.match(fault(cluster, { ...config, spec: { version: 1 } }) ?? "", /spec\.enabled is required/);
  });
});

describe("the simulated API", () => {
  const world = (): World => ({
    licence: "",
    steps: {},
    deckhouse: true,
    clusterConfiguration: "",
    objects: {},
    nodes: [],
  });
  const { objects } = renderDeckhouse(homelab);
  const stored = (id: string): StoredObject =>
    structuredClone(objects.find((one) => one.id === id)?.manifest) as unknown as StoredObject;

  it("refuses kinds of modules that are off, missing fields, foreign taints and another selector", () => {
    const one = world();
    const ceph = stored("CephClusterConnection/pve-rbd");
    assert.match(refusal(ceph, one) ?? "", /no matches for kind "CephClusterConnection"/);
    one.objects["ModuleConfig/csi-ceph"] = stored("ModuleConfig/csi-ceph");
    assert.equal(refusal(ceph, one), undefined);
    assert.match(
      refusal({ ...ceph, spec: { ...ceph.spec, userKey: undefined } }, one) ?? "",
      /spec\.userKey: Required/,
    );
    const group = stored("NodeGroup/w-gpu");
    assert.match(refusal(group, one) ?? "", /customTolerationKeys, add: dedicated\.homelab/);
    one.objects["ModuleConfig/global"] = stored("ModuleConfig/global");
    assert.equal(refusal(group, one), undefined);
    one.objects["NodeGroup/w-gpu"] = stored("NodeGroup/w-std");
    assert.match(refusal(group, one) ?? "", /labelSelector: Invalid value: field is immutable/);
    assert.match(refusal({ ...group, kind: "Nodegroup" }, one) ?? "", /no matches for kind/);
  });

  it("takes as many machines as a group asks for, and gives one back that it chooses itself", () => {
    const one = world();
    for (const { id } of objects) if (/w-gpu(-\d)?$/.test(id)) one.objects[id] = stored(id);
    const group = one.objects["NodeGroup/w-gpu"];
    const instances = group?.spec?.["staticInstances"] as { count: number };
    instances.count = 2;
    for (let look = 0; look < 5; look++) step(one);
    assert.deepEqual(
      one.nodes.map(({ name }) => name),
      ["w-gpu-1", "w-gpu-2"],
    );
    instances.count = 1;
    for (let look = 0; look < 5; look++) step(one);
    assert.deepEqual(
      one.nodes.map(({ name }) => name),
      ["w-gpu-2"],
    );
  });
});
