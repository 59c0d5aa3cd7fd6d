import assert from "node:assert/strict";
import { formatFault } from "../../../config/errors";
import { crossChecks } from "../../../plan/deckhouse/crossChecks";
import type { DeckhouseInput } from "../../../plan/deckhouse/types";
import { article, homelab, small } from "../../render/deckhouse/cases";

const texts = (input: DeckhouseInput): string[] => crossChecks(input).map(formatFault);

/** The input with one pool changed. */
const withPool = (name: string, change: Partial<DeckhouseInput["pools"][number]>): DeckhouseInput => ({
  ...homelab,
  pools: homelab.pools.map((pool) => (pool.name === name ? { ...pool, ...change } : pool)),
});

describe("crossChecks", () => {
  it("finds nothing in the homelab and in the smallest cluster", () => {
    assert.deepEqual(texts(homelab), []);
    assert.deepEqual(texts(small), []);
  });

  it("refuses the article's own values, each with what to do", () => {
    assert.deepEqual(texts(article), [
      "pools[1].count: found NodeGroup w-gpu asks for 2 machines, and 3 match its selector role=worker,type=w-gpu (k8s-w1-gpu.example.com, k8s-w2-gpu.example.com, k8s-w4-gpu.example.com); expected as many machines as the group asks for; fix: write `count: 3`, or move machines to another pool",
      "pools[2].count: found NodeGroup w-gpu-3060 asks for 2 machines, and 1 matches its selector role=worker,type=w-gpu-3060 (k8s-w3-gpu.example.com); expected as many machines as the group asks for; fix: write `count: 1`, or add machines",
      "serving.tolerations: found tolerations of dedicated.apiac.ru, and pools[1] (w-gpu) has the taint dedicated.example.com=w-gpu:NoExecute: pods would stay Pending; expected a toleration of dedicated.example.com; fix: write the key dedicated.example.com in serving.tolerations, or change the taint of w-gpu",
      "serving.tolerations: found tolerations of dedicated.apiac.ru, and pools[2] (w-gpu-3060) has the taint dedicated.example.com=w-gpu:NoExecute: pods would stay Pending; expected a toleration of dedicated.example.com; fix: write the key dedicated.example.com in serving.tolerations, or change the taint of w-gpu-3060",
      "cluster.ceph.connections[0].clusterId: found <id cluster>; expected the Ceph cluster's id, a UUID; fix: copy the output of `ceph fsid`",
      "cluster.ingress[0].chaosMonkey: found true for internal; expected nothing: it ends the controller's pods at random, and with them every answer that is being streamed; fix: remove it",
      "cluster.ingress[1].chaosMonkey: found true for public; expected nothing: it ends the controller's pods at random, and with them every answer that is being streamed; fix: remove it",
    ]);
  });

  it("passes the article's values once they are put right", () => {
    const counts: Record<string, number> = { "w-gpu": 3, "w-gpu-3060": 1 };
    const fixed: DeckhouseInput = {
      ...article,
      pools: article.pools.map((pool) => ({ ...pool, count: counts[pool.name] ?? pool.count })),
      cephConnections: (article.cephConnections ?? []).map((one) => ({
        ...one,
        clusterId: "014df517-39d1-4453-b7b3-9930c563627c",
      })),
      ingress: homelab.ingress,
      workloads: [
        {
          path: "serving.tolerations",
          pools: ["w-gpu", "w-gpu-3060"],
          tolerations: [{ key: "dedicated.example.com", value: "w-gpu", effect: "NoExecute" }],
        },
      ],
    };
    assert.deepEqual(texts(fixed), []);
  });

  const cases: readonly (readonly [string, DeckhouseInput, RegExp])[] = [
    [
      "a taint that the platform does not tolerate",
      { ...homelab, cluster: { ...homelab.cluster, customTolerationKeys: ["other"] } },
      /^pools\[2\]\.taint\.key: found dedicated\.homelab, and cluster\.customTolerationKeys has other/,
    ],
    [
      "a machine in no group",
      withPool("w-gpu-3060", { nodes: [{ name: "lost", address: "192.168.3.56", labels: { type: "x" } }] }),
      /pools\[4\]\.nodes\[0\]: found lost with type=x, which no NodeGroup selects/,
    ],
    [
      "a machine in two groups",
      withPool("w-gpu-3060", { selector: { "tokenrack.io/pool": "w-gpu" } }),
      /which the NodeGroups w-gpu and w-gpu-3060 select/,
    ],
    [
      "an address twice",
      withPool("w-gpu-3060", { nodes: [{ name: "w-gpu-3060-1", address: "192.168.3.54" }] }),
      /^pools\[4\]\.nodes\[0\]\.address: found address 192\.168\.3\.54, which is also pools\[3\]\.nodes\[0\]\.address/,
    ],
    [
      "pods and services in one network",
      { ...homelab, cluster: { ...homelab.cluster, podSubnetCIDR: "10.222.0.0/15" } },
      /^cluster\.podSubnetCIDR: found 10\.222\.0\.0\/15, which overlaps cluster\.serviceSubnetCIDR 10\.222\.0\.0\/16/,
    ],
    [
      "pods in the nodes' network",
      { ...homelab, cluster: { ...homelab.cluster, podSubnetCIDR: "192.168.0.0/16" } },
      /^cluster\.podSubnetCIDR: found 192\.168\.0\.0\/16, which overlaps network\.subnet 192\.168\.2\.0\/23/,
    ],
    [
      "a node inside MetalLB's range",
      withPool("w-gpu-3060", { nodes: [{ name: "w-gpu-3060-1", address: "192.168.3.75" }] }),
      /^cluster\.ingress\[0\]\.addresses: found .* which has 192\.168\.3\.75, the address of node w-gpu-3060-1/,
    ],
    [
      "an ingress address outside its range",
      { ...homelab, ingress: (homelab.ingress ?? []).map((one) => ({ ...one, address: "192.168.3.200" })) },
      /^cluster\.ingress\[0\]\.address: found 192\.168\.3\.200, which is not in/,
    ],
    [
      "a controller without nodes",
      { ...homelab, ingress: (homelab.ingress ?? []).map((one) => ({ ...one, nodeSelector: { role: "edge" } })) },
      /^cluster\.ingress\[0\]\.nodeSelector: found role=edge, which no pool's labels have/,
    ],
    [
      "a class on a Ceph connection that is not there",
      { ...homelab, cephConnections: [] },
      /^cluster\.ceph\.classes\[0\]\.connection: found pve-rbd, and no Ceph connection by that name/,
    ],
    [
      "a module that is off and needed",
      { ...homelab, modules: { metallb: false } },
      /^cluster\.modules\.metallb: found false, and cluster\.ingress needs it; expected the module on; fix: remove it, or cluster\.ingress$/,
    ],
    [
      "Deckhouse itself switched off",
      { ...homelab, modules: { "cni-cilium": false } },
      /^cluster\.modules\.cni-cilium: found false, and the whole cluster needs it; expected the module on; fix: remove it$/,
    ],
    [
      "a default class that is not there",
      { ...homelab, defaultStorageClass: "fast" },
      /^cluster\.defaultStorageClass: found fast, and no storage class by that name/,
    ],
  ];
  for (const [name, input, expected] of cases) {
    it(`finds ${name}`, () => {
      const found = texts(input);
      assert.ok(
        found.some((text) => expected.test(text)),
        found.join("\n"),
      );
    });
  }

  it("takes a toleration of every key, and one of any value, for what they are", () => {
    const tolerating = (tolerations: NonNullable<DeckhouseInput["workloads"]>[number]["tolerations"]): number =>
      texts({ ...homelab, workloads: [{ path: "x", pools: ["w-gpu"], tolerations }] }).length;
    assert.equal(tolerating([{ operator: "Exists" }]), 0);
    assert.equal(tolerating([{ key: "dedicated.homelab", operator: "Exists", effect: "NoExecute" }]), 0);
    assert.equal(tolerating([{ key: "dedicated.homelab", value: "w-db" }]), 1);
    assert.equal(tolerating([{ key: "dedicated.homelab", value: "w-gpu", effect: "NoSchedule" }]), 1);
    assert.equal(tolerating([]), 1);
  });
});
