import assert from "node:assert/strict";
import { ProfileError } from "../../config/errors";
import { parseProfile } from "../../config/parse";
import { makePlan, type ProxmoxPlan } from "../../plan/plan";
import { planNvidia } from "../../plan/deckhouse/nvidia";
import { renderDeckhouse } from "../../render/deckhouse";
import { toYaml } from "../../render/text";
import { changed, proxmox } from "../config/stacks";

const hostKey = `ssh-ed25519 ${"B".repeat(68)}`;

function planOf(raw: unknown): ProxmoxPlan {
  const plan = makePlan(parseProfile(raw, { stack: "rack" }), { modelConfigs: {} });
  assert.ok(plan.platform === "proxmox");
  return plan;
}

const admin = { name: "admin", email: "admin@k8s.lan", accessLevel: "SuperAdmin" };
const ceph = {
  connections: [
    { name: "rbd", clusterId: "014df517-39d1-4453-b7b3-9930c563627c", monitors: ["192.168.2.3:6789"], user: "k8s" },
  ],
  classes: [{ name: "fast", connection: "rbd", type: "RBD", pool: "nvme" }],
};

describe("the Deckhouse cluster of a plan", () => {
  it("has the pools' nodes by name and address, with labels and taints", () => {
    const taint = { key: "dedicated", value: "gpu", effect: "NoExecute" };
    const { deckhouse } = planOf(changed(changed(proxmox, "pools[1].taint", taint), "pools[1].labels", { a: "b" }));
    assert.deepEqual(deckhouse.pools, [
      {
        name: "master",
        role: "master",
        nodes: [{ name: "master-1", address: "192.168.2.51" }],
        labels: {},
        taints: [],
      },
      {
        name: "w-gpu",
        role: "gpu",
        nodes: [
          { name: "w-gpu-1", address: "192.168.2.61" },
          { name: "w-gpu-2", address: "192.168.2.62" },
        ],
        labels: { a: "b" },
        taints: [taint],
      },
    ]);
    assert.deepEqual([deckhouse.nodeNetworks, deckhouse.ssh], [["192.168.2.0/23"], { user: "tokenrack", port: 22 }]);
    assert.deepEqual(
      planOf(proxmox).placement.vms.map(({ name }) => name),
      ["master-1", "w-gpu-1", "w-gpu-2"],
    );
  });

  it("is rendered with what the stack adds: storage, ingress, a user, switches, a registry", () => {
    const ingress = {
      ...{ name: "in", ingressClass: "inside", addresses: "192.168.2.70-192.168.2.80" },
      nodeSelector: { edge: "yes" },
    };
    const cluster = {
      ...proxmox.cluster,
      ...{ ceph, ingress: [ingress], users: [admin], modules: { console: true } },
      ...{ registry: { imagesRepo: "registry.lan/deckhouse/ce" } },
    };
    const stack = changed({ ...proxmox, cluster }, "pools[1].labels", { edge: "yes" });
    const { objects, image } = renderDeckhouse(planOf(stack).deckhouse);
    assert.equal(image, "registry.lan/deckhouse/ce/install:stable");
    const names = objects.map(({ kind, name }) => `${kind}/${name}`);
    const wanted = ["CephStorageClass/fast", "IngressNginxController/in", "User/admin", "ModuleConfig/console"];
    for (const one of wanted) assert.ok(names.includes(one), `${one} is not among ${names.join(", ")}`);
  });

  it("is refused together with what is wrong with the models", () => {
    const wrong = changed(proxmox, "cluster.ceph", { ...ceph, classes: [{ ...ceph.classes[0], connection: "none" }] });
    assert.throws(
      () => planOf(changed(wrong, "models[0].source", "no/such-model")),
      (error) => {
        assert.ok(error instanceof ProfileError);
        const paths = error.faults.map(({ path }) => path);
        return paths.includes("cluster.ceph.classes[0].connection") && paths.includes("models[0].source");
      },
    );
  });
});

const clusterOf = (keys: object): ProxmoxPlan => planOf({ ...proxmox, cluster: { ...proxmox.cluster, ...keys } });

describe("what the GPU Operator is left with", () => {
  it("follows from the container runtime and the stack's choice, in one place", () => {
    const dropIn = "/etc/containerd/conf.d/99-nvidia.toml";
    const plain = { driver: "operator", driverPackages: [], toolkit: "node", defaultRuntime: false };
    assert.deepEqual(planOf(proxmox).deckhouse.nvidia, { ...plain, containerd: 1, dropIn });
    const driverPackages = ["nvidia-driver-580-server=580.105.08-1"];
    const nvidia = { driver: "node", driverPackages, toolkit: "operator", defaultRuntime: true };
    assert.deepEqual(clusterOf({ defaultCRI: "ContainerdV2", nvidia }).deckhouse.nvidia, {
      ...nvidia,
      ...{ containerd: 2, dropIn: "/etc/containerd/conf2.d/99-nvidia.toml" },
    });
  });

  it("is nothing without a GPU", () => {
    const pools = [{ ...planOf(proxmox).deckhouse.pools[0], role: "master" as const, name: "m", nodes: [] }];
    const { nvidia } = planOf(proxmox).deckhouse;
    assert.ok(nvidia !== undefined);
    assert.equal(planNvidia({ nvidia: { ...nvidia, driverPackages: [] }, defaultCRI: "Containerd" }, pools), undefined);
  });
});

describe("who signs the cluster's certificates", () => {
  it("is Let's Encrypt, one's own CA, or both where the API asks for the first", () => {
    const internalCa = { name: "inter-ca" };
    assert.deepEqual(planOf(proxmox).deckhouse.letsEncrypt, true);
    assert.deepEqual(clusterOf({ internalCa }).deckhouse.letsEncrypt, false);
    const both = { ...proxmox, cluster: { ...proxmox.cluster, internalCa } };
    assert.equal(planOf(changed(both, "ingress.tlsIssuer", "letsencrypt-staging")).deckhouse.letsEncrypt, true);
  });

  it("is told where nobody makes the issuer that the API asks for", () => {
    const about = ({ warnings }: ProxmoxPlan): string[] => warnings.filter((one) => one.includes("tlsIssuer"));
    assert.deepEqual(about(planOf(proxmox)), [
      "ingress.tlsIssuer is inter-ca, which neither Deckhouse nor cluster.internalCa makes: without one by that name the API gets no certificate",
    ]);
    assert.deepEqual(about(clusterOf({ internalCa: { name: "inter-ca" } })), []);
    assert.deepEqual(about(planOf(changed(proxmox, "ingress.tlsIssuer", "letsencrypt"))), []);
  });
});

it("a proxy is never between two nodes", () => {
  const proxy = { httpsProxy: "http://proxy.lan:3128", noProxy: ["git.lan"] };
  const noProxy = ["git.lan", "192.168.2.0/23"];
  assert.deepEqual(clusterOf({ proxy }).deckhouse.cluster.proxy, { ...proxy, noProxy });
});

/** By id: what the cluster is asked to hold. */
const heldBy = ({ deckhouse }: ProxmoxPlan): ReadonlyMap<string, string> =>
  new Map(renderDeckhouse(deckhouse).objects.map(({ id, manifest }) => [id, toYaml(manifest)]));

/** Ids of what is new, gone, and another one now. */
function difference(before: ProxmoxPlan, after: ProxmoxPlan) {
  const [was, is] = [heldBy(before), heldBy(after)];
  return {
    made: [...is.keys()].filter((id) => !was.has(id)),
    gone: [...was.keys()].filter((id) => !is.has(id)),
    changed: [...is.keys()].filter((id) => was.has(id) && was.get(id) !== is.get(id)),
  };
}

describe("a change of a cluster that is there", () => {
  const roomy = changed(proxmox, "pools[1].addresses", ["192.168.2.61-192.168.2.69"]);
  const large = changed(roomy, "hosts[0].gpus", [
    { pci: "0000:01:00.0", card: "rtx-3090" },
    { pci: "0000:02:00.0", card: "rtx-3090" },
  ]);

  it("is one number to add a node: its machine, and its group's count", () => {
    const [before, after] = [planOf(large), planOf(changed(large, "pools[1].count", 3))];
    assert.deepEqual(difference(before, after), {
      ...{ made: ["StaticInstance/w-gpu-3"], gone: [], changed: ["NodeGroup/w-gpu"] },
    });
    assert.match(heldBy(after).get("NodeGroup/w-gpu") ?? "", /count: 3/);
    assert.equal(renderDeckhouse(after.deckhouse).bootstrap, renderDeckhouse(before.deckhouse).bootstrap);
  });

  it("is one number to take one away, the last one, and no other changes its name", () => {
    const [before, after] = [planOf(changed(large, "pools[1].count", 3)), planOf(large)];
    assert.deepEqual(difference(before, after), {
      ...{ made: [], gone: ["StaticInstance/w-gpu-3"], changed: ["NodeGroup/w-gpu"] },
    });
  });

  it("is one word for another release channel, and touches no node", () => {
    const changes = difference(planOf(proxmox), clusterOf({ releaseChannel: "EarlyAccess" }));
    assert.deepEqual(changes, { made: [], gone: [], changed: ["ModuleConfig/deckhouse"] });
  });

  it("is one text for another Kubernetes, which is no object of the cluster", () => {
    const after = clusterOf({ kubernetesVersion: "1.35" });
    assert.deepEqual(difference(planOf(proxmox), after), { made: [], gone: [], changed: [] });
    assert.match(renderDeckhouse(after.deckhouse).bootstrap, /^kubernetesVersion: "1.35"$/m);
  });

  it("is one word for another container runtime: every group, and what NVIDIA has there", () => {
    const changes = difference(planOf(proxmox), clusterOf({ defaultCRI: "ContainerdV2" }));
    assert.deepEqual(changes, {
      ...{ made: [], gone: [] },
      changed: ["NodeGroupConfiguration/nvidia-runtime.sh", "NodeGroup/master", "NodeGroup/w-gpu"],
    });
  });
});

describe("the installation of a plan", () => {
  it("is on this machine, and the first master's own host asks for its key", () => {
    const { bootstrap } = planOf(proxmox);
    assert.deepEqual(bootstrap, {
      engine: "auto",
      stateDirectory: ".tokenrack/bootstrap/rack",
      master: { name: "master-1", address: "192.168.2.51" },
      masterHost: { address: "192.168.2.11", user: "root", port: 22, hostKey: proxmox.hosts[0]?.ssh.hostKey },
    });
  });

  it("is where the stack says, with the key that it names", () => {
    const host = { address: "192.168.2.9", ssh: { user: "me", hostKey } };
    const stack = changed(
      changed(proxmox, "cluster.bootstrap", { host, engine: "podman" }),
      "cluster.masterHostKey",
      hostKey,
    );
    const { engine, stateDirectory, host: planned, master } = planOf(stack).bootstrap;
    assert.deepEqual([engine, stateDirectory, master.hostKey], ["podman", "/var/lib/tokenrack/rack", hostKey]);
    assert.deepEqual(planned, { address: "192.168.2.9", user: "me", port: 22, hostKey });
  });
});
