import assert from "node:assert/strict";
import { ProfileError } from "../../config/errors";
import { parseProfile } from "../../config/parse";
import { makePlan, type ProxmoxPlan } from "../../plan/plan";
import { renderDeckhouse } from "../../render/deckhouse";
import { changed, proxmox } from "../config/stacks";

const hostKey = `ssh-ed25519 ${"B".repeat(68)}`;

function planOf(raw: unknown): ProxmoxPlan {
  const plan = makePlan(parseProfile(raw, { stack: "rack" }), { modelConfigs: {} });
  assert.ok(plan.platform === "proxmox");
  return plan;
}

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

  it("is rendered with what the stack adds: storage, ingress, an administrator, switches, a registry", () => {
    const ingress = {
      ...{ name: "in", ingressClass: "inside", addresses: "192.168.2.70-192.168.2.80" },
      nodeSelector: { edge: "yes" },
    };
    const cluster = {
      ...proxmox.cluster,
      ...{ ceph, ingress: [ingress], admin: { email: "admin@k8s.lan" }, modules: { console: true } },
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
