import assert from "node:assert/strict";
import { parseProfile, parseStack } from "../../config/parse";
import { isLocal, isProxmox, type ProxmoxProfile } from "../../config/schema";
import { changed, existing, proxmox, proxmoxSecrets, secrets } from "./stacks";

function onProxmox(raw: unknown): ProxmoxProfile {
  const profile = parseProfile(raw);
  assert.ok(isProxmox(profile));
  return profile;
}

describe("a Profile on Proxmox", () => {
  it("has every default", () => {
    const { platform, hosts, network, cluster, gateway } = onProxmox(proxmox);
    assert.deepEqual(platform, {
      kind: "proxmox",
      endpoint: "https://pve1.lan:8006",
      allowInsecureTls: false,
      allowRootToken: false,
      diskStorage: "local-lvm",
      imageStorage: "local",
      imageShared: false,
      image: {
        ...proxmox.platform.image,
        checksumAlgorithm: "sha256",
        fileName: "debian-13-20261101.qcow2",
      },
    });
    const { ssh, gpus, ...host } = hosts[1] ?? assert.fail();
    assert.deepEqual([ssh.user, ssh.port], ["root", 22]);
    assert.deepEqual(gpus, [{ pci: "0000:01:00.0", card: "rtx-3090", name: "gpu1" }]);
    assert.deepEqual(host, {
      name: "pve2",
      address: "192.168.2.12",
      cores: 32,
      memoryGib: 128,
      reservedGib: 4,
      nvlink: [],
      reboot: "never",
      allowPrimaryGpu: false,
      acsOverride: false,
      restoreHost: false,
    });
    const { subnet } = proxmox.network;
    assert.deepEqual(network, {
      ...{ gbitPerSecond: 10, rdma: false, subnet, gateway: "192.168.2.1" },
      ...{ dns: ["192.168.2.1"], bridge: "vmbr0" },
    });
    assert.deepEqual(cluster, {
      kubernetesVersion: "Automatic",
      releaseChannel: "Stable",
      edition: "CE",
      podSubnetCIDR: "10.111.0.0/16",
      serviceSubnetCIDR: "10.222.0.0/16",
      clusterDomain: "cluster.local",
      publicDomainTemplate: "%s.k8s.lan",
      sshUser: "tokenrack",
      bootstrap: { engine: "auto", stateDirectory: ".tokenrack/bootstrap/local" },
      registryCertificates: [],
      defaultCRI: "Containerd",
      nvidia: { driver: "operator", driverPackages: [], toolkit: "node", defaultRuntime: false },
      modules: {},
      users: [],
      publishAPI: false,
      ingress: [],
      ceph: { connections: [], classes: [] },
      localPaths: [],
    });
    assert.equal(gateway.requestsPerMinute, 60);
  });

  it("names GPUs after their host where they have no name", () => {
    const raw = changed(proxmox, "hosts[0].gpus[0].name", undefined);
    assert.equal(onProxmox(raw).hosts[0]?.gpus[0]?.name, "pve1-gpu0");
  });

  it("gives every node a name, an id and an address, or what was pinned", () => {
    const pins = [{}, { name: "big", vmid: 154, host: "pve1", gpus: ["gpu0"] }];
    const [master, gpu] = onProxmox(changed(proxmox, "pools[1].nodes", pins)).pools;
    const open = { host: undefined, gpus: undefined };
    assert.deepEqual(master?.nodes, [{ name: "master-1", vmid: 10_000, address: "192.168.2.51", ...open }]);
    assert.deepEqual(gpu?.nodes, [
      { name: "w-gpu-1", vmid: 11_000, address: "192.168.2.61", ...open },
      { name: "big", vmid: 154, address: "192.168.2.62", host: "pve1", gpus: ["gpu0"] },
    ]);
  });

  it("keeps the identity of every node when a node, a pool or a host is added at the end", () => {
    const before = onProxmox(proxmox).pools.map(({ nodes }) => nodes);
    const more = changed(proxmox, "pools[1].count", 3);
    const grown = {
      ...changed(more, "pools[1].addresses", ["192.168.2.61-192.168.2.63"]),
      hosts: [...proxmox.hosts, { name: "pve3", address: "192.168.2.13", cores: 8, memoryGib: 16 }],
    };
    const after = onProxmox(
      changed(grown, "pools[2]", { ...proxmox.pools[0], name: "w", role: "worker", addresses: ["192.168.2.71"] }),
    ).pools.map(({ nodes }) => nodes);
    before.forEach((nodes, pool) => assert.deepEqual(after[pool]?.slice(0, nodes.length), nodes));
  });

  it("has no secret in it", () => {
    const { profile, secrets: plain } = parseStack({ ...proxmox, ...proxmoxSecrets });
    assert.deepEqual(plain, proxmoxSecrets);
    for (const secret of Object.values(proxmoxSecrets)) assert.ok(!JSON.stringify(profile).includes(secret));
  });
});

describe("a Profile on an existing cluster", () => {
  it("has pools, models and what joins them", () => {
    const kubeconfig = "clusters: []\nusers: []\ncontexts: []";
    const { profile } = parseStack({ ...existing, ...secrets, kubeconfig }, { stack: "a100" });
    assert.ok(!isLocal(profile));
    const { stack, platform, pools, network, ingress, models } = profile;
    assert.deepEqual(
      { stack, platform, pools, network, ingress, models },
      {
        stack: "a100",
        platform: { kind: "existing" },
        pools: [{ name: "gpu", count: 2, card: "a100-80g-pcie", passthrough: false, taints: [], labels: {} }],
        network: { gbitPerSecond: 10, rdma: false },
        ingress: { host: "llm.lan", tlsIssuer: "letsencrypt", wafAnnotations: {} },
        models: [
          { source: "Qwen/Qwen3-8B", name: "Qwen/Qwen3-8B", kind: "huggingface", revision: "v1", env: {}, pod: {} },
        ],
      },
    );
    assert.ok(!JSON.stringify(profile).includes("contexts"));
  });

  it("may serve several models", () => {
    const profile = parseProfile(changed(existing, "models[1]", { source: "Qwen/Qwen3-8B-AWQ" }));
    assert.deepEqual(
      profile.models.map(({ name }) => name),
      ["Qwen/Qwen3-8B", "Qwen/Qwen3-8B-AWQ"],
    );
  });
});
