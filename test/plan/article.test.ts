/** The article's own values, as a stack has them: each is refused with what to do, and what is put right passes. */
import assert from "node:assert/strict";
import { formatFault, ProfileError, type Fault } from "../../config/errors";
import { parseStack } from "../../config/parse";
import { makePlan } from "../../plan/plan";
import { proxmox, proxmoxSecrets } from "../config/stacks";

const [master, gpu] = proxmox.pools;
const taint = { key: "dedicated.example.com", value: "w-gpu", effect: "NoExecute" };
const metallb = { "node-role.deckhouse.io/metallb": "" };
const monitors = ["192.168.2.3:6789", "192.168.2.5:6789", "192.168.2.21:6789"];
const published = "JDJ5JDEwJEpiNU5taU56TnFESXQvdmxlS2RyenV4OEVRcnB2Ui90UEhLVzZQZC85NFpBTjE0VWdpZGpPCgo=";
/** deckhouse_config/resources.yml: the controllers. */
const controllers = [
  { name: "main", ingressClass: "system-ingress", addresses: "192.168.3.70-192.168.3.100", address: "192.168.3.70" },
  {
    ...{ name: "external-ingress", ingressClass: "external-ingress" },
    ...{ addresses: "192.168.3.210-192.168.3.220", address: "192.168.3.220" },
  },
].map((one) => ({ ...one, nodeSelector: metallb }));

const article = {
  ...proxmox,
  ...proxmoxSecrets,
  pools: [
    { ...master, addresses: ["192.168.3.51"], labels: metallb },
    { ...gpu, count: 1, addresses: ["192.168.3.54"], taint },
    { ...gpu, name: "w-gpu-3060", card: "rtx-3060", count: 2, addresses: ["192.168.3.56"], taint },
  ],
  cluster: {
    kubernetesVersion: "1.30",
    edition: "EE",
    publicDomainTemplate: "%s.k8s.example.com",
    customTolerationKeys: ["dedicated.apiac.ru"],
    nvidia: { driver: "node", driverPackages: ["nvidia-driver-535-server"] },
    internalCa: { name: "inter-ca", certificate: "<CRT>" },
    users: [{ name: "admin", email: "admin@k8s.example.com", accessLevel: "SuperAdmin", portForwarding: true }],
    ingress: controllers.map((one) => ({ ...one, chaosMonkey: true })),
    ceph: {
      connections: [{ name: "ceph-auth-pve", clusterId: "<id cluster>", monitors, user: "k8s.main" }],
      classes: [{ name: "ceph-rbd-sc", connection: "ceph-auth-pve", type: "RBD", pool: "rbd-k8s-main-nvme" }],
    },
    defaultStorageClass: "ceph-rbd-sc",
  },
  ingress: { host: "openai-api.example.com", tlsIssuer: "inter-ca" },
  models: proxmox.models.map((model) => ({ ...model, tolerations: [{ key: "dedicated.apiac.ru" }] })),
  deckhouseLicenseKey: "license_key",
  clusterPasswordHashes: JSON.stringify({ admin: published }),
  internalCaKey: "<KEY>",
  cephKeys: JSON.stringify({ "ceph-auth-pve": "<user_key>" }),
};

/** What is put right of it. */
const fixed = {
  ...article,
  hosts: proxmox.hosts.map((host, index) =>
    index === 0 ? host : { ...host, gpus: host.gpus.map((one) => ({ ...one, card: "rtx-3060" })) },
  ),
  pools: article.pools.map((pool) => ({ ...pool, count: 1 })),
  cluster: {
    ...article.cluster,
    ...{ kubernetesVersion: "Automatic", publicDomainTemplate: "%s.k8s.my.org" },
    customTolerationKeys: ["dedicated.example.com"],
    nvidia: { driver: "node", driverPackages: ["nvidia-driver-580-server=580.105.08-0ubuntu0.24.04.1"] },
    internalCa: { name: "inter-ca" },
    ingress: controllers,
    ceph: {
      ...article.cluster.ceph,
      connections: article.cluster.ceph.connections.map((one) => ({
        ...one,
        clusterId: "014df517-39d1-4453-b7b3-9930c563627c",
      })),
    },
  },
  ingress: { host: "llm.my.org", tlsIssuer: "inter-ca" },
  models: proxmox.models,
  deckhouseLicenseKey: "a-licence-key-of-ones-own",
  clusterPasswordHashes: JSON.stringify({ admin: `$2y$10$${"a".repeat(53)}` }),
  internalCaKey: undefined,
  cephKeys: JSON.stringify({ "ceph-auth-pve": "QVFEaVZYVm1CSlZSTHhBQWc2NQ==" }),
};

function faultsOf(run: () => unknown): readonly Fault[] {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof ProfileError, String(error));
    return error.faults;
  }
  return [];
}

const planned = (stack: object): unknown =>
  makePlan(parseStack(stack, { stack: "homelab" }).profile, { modelConfigs: {} });

describe("S34: the article's own values", () => {
  const expected: readonly (readonly [path: string, text: RegExp])[] = [
    ["cluster.kubernetesVersion", /found text "1\.30"; expected a quoted text, one of "Automatic", "1\.32"/],
    ["cluster.nvidia.driverPackages[0]", /found text "nvidia-driver-535-server"; expected a package by name and exact/],
    ["cluster.internalCa.certificate", /found text "<CRT>"; expected certificates in PEM/],
    ["cluster.ingress[0].chaosMonkey", /fix: remove it: it ends the controller's pods at random/],
    ["cluster.ingress[1].chaosMonkey", /fix: remove it: it ends the controller's pods at random/],
    ["models[0].tolerations", /fix: remove it: tolerations are taken from the taints of `pools`/],
    ["pools[2].addresses", /found 1 address for 2 nodes; expected at least 2/],
    ["ingress.host", /found openai-api\.example\.com, a name kept for examples/],
    ["deckhouseLicenseKey", /found a placeholder out of a document \(not shown\)/],
    ["clusterPasswordHashes", /found the hash of a published sample, whose password everybody knows/],
    ["internalCaKey", /found text of 5 characters \(not shown\); expected the CA's private key in PEM/],
    ["cephKeys", /each key in base64 as `ceph auth get-key` shows it/],
  ];

  it("are refused all at once, each with what to do, before anything is planned", () => {
    const faults = faultsOf(() => planned(article));
    assert.deepEqual(faults.map(({ path }) => path).sort(), expected.map(([path]) => path).sort());
    for (const [path, text] of expected) {
      const found = faults.filter((fault) => fault.path === path).map(formatFault);
      assert.match(found.join("\n"), text);
    }
  });

  const alone: readonly (readonly [title: string, stack: object, path: string, text: RegExp])[] = [
    [
      "a toleration of another organisation's key",
      { ...fixed, cluster: { ...fixed.cluster, customTolerationKeys: ["dedicated.apiac.ru"] } },
      "cluster.customTolerationKeys",
      /found dedicated\.apiac\.ru, and pools\[1\]\.taint\.key is dedicated\.example\.com: pods would stay Pending/,
    ],
    [
      "a domain that is kept for examples",
      { ...fixed, cluster: { ...fixed.cluster, publicDomainTemplate: "%s.k8s.example.com" } },
      "cluster.publicDomainTemplate",
      /found k8s\.example\.com, a name kept for examples/,
    ],
    [
      "a Ceph cluster without its id",
      { ...fixed, cluster: { ...fixed.cluster, ceph: article.cluster.ceph } },
      "cluster.ceph.connections[0].clusterId",
      /found <id cluster>; expected the Ceph cluster's id, a UUID; fix: copy the output of `ceph fsid`/,
    ],
  ];
  for (const [title, stack, path, text] of alone) {
    it(`are refused for ${title} where all else is right`, () => {
      const faults = faultsOf(() => planned(stack));
      assert.deepEqual([...new Set(faults.map((fault) => fault.path))], [path]);
      assert.match(faults.map(formatFault).join("\n"), text);
    });
  }

  it("pass once they are put right", () => {
    assert.deepEqual(faultsOf(() => planned(fixed)).map(formatFault), []);
  });
});
