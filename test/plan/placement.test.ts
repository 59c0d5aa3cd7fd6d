import assert from "node:assert/strict";
import { formatFault } from "../../config/errors";
import { placeVms, type Placement } from "../../plan/placement";
import type { ProxmoxProfile } from "../../config/schema";
import { cards, stackOf } from "./placement/cases";

function placed(profile: ProxmoxProfile): Placement {
  const { placement, faults } = placeVms(profile);
  assert.deepEqual(faults.map(formatFault), []);
  return placement;
}
const where = ({ vms }: Placement): readonly string[] => vms.map(({ name, host }) => `${name} ${host}`);
const gpusOf = ({ vms }: Placement, vm: string): readonly string[] =>
  vms.find(({ name }) => name === vm)?.gpus.map(({ pci }) => pci.slice(5, 7)) ?? [];
const faultsOf = (profile: ProxmoxProfile): readonly string[] => placeVms(profile).faults.map(formatFault);

describe("placeVms", () => {
  it("fills the hosts in their order, each with what it holds", () => {
    const placement = placed(stackOf([{ memoryGib: 28 }, {}], [{ count: 3 }]));
    assert.deepEqual(where(placement), ["m-1 h0", "p0-1 h0", "p0-2 h0", "p0-3 h1"]);
    assert.deepEqual(placement.hosts, [
      {
        name: "h0",
        vms: ["m-1", "p0-1", "p0-2"],
        cores: { total: 64, used: 12 },
        memoryGib: { total: 24, used: 24 },
      },
      { name: "h1", vms: ["p0-3"], cores: { total: 64, used: 4 }, memoryGib: { total: 252, used: 8 } },
    ]);
  });

  it("gives a VM everything that it is made from", () => {
    const { vms } = placed(stackOf([{ gpus: cards("3090") }], [{ card: "RTX 3090", memoryGib: 64 }]));
    assert.deepEqual(vms[1], {
      name: "p0-1",
      vmid: 11_000,
      address: "10.1.1.1",
      pool: "p0",
      role: "gpu",
      host: "h0",
      cores: 4,
      memoryGib: 64,
      diskGib: 60,
      gpus: [{ name: "h0-gpu0", pci: "0000:01:00.0", card: "rtx-3090", mapping: "gpu-h0-0000-01-00-0" }],
    });
  });

  it("keeps room for GPU nodes and masters, whatever is listed before them", () => {
    const hosts = [{ memoryGib: 36, gpus: cards("3090") }, { memoryGib: 20 }];
    const pools = [
      { count: 1, memoryGib: 8 },
      { card: "3090", memoryGib: 32 },
    ];
    assert.deepEqual(where(placed(stackOf(hosts, pools))), ["m-1 h1", "p0-1 h1", "p1-1 h0"]);
  });

  it("puts masters on different hosts, and says why when it cannot", () => {
    const masters = { count: 3 };
    assert.deepEqual(where(placed(stackOf([{}, {}, {}], [], masters))), ["m-1 h0", "m-2 h1", "m-3 h2"]);
    const two = placed(stackOf([{}, {}], [], masters));
    assert.deepEqual(where(two), ["m-1 h0", "m-2 h1", "m-3 h0"]);
    assert.deepEqual(two.warnings, [
      "m-1 and m-3 are on h0: 2 hosts for 3 masters, and etcd loses its majority when it fails",
    ]);
    const full = placed(stackOf([{}, {}, { memoryGib: 8 }], [], masters));
    assert.match(
      full.warnings[0] ?? "",
      /^m-1 and m-3 are on h0: no other host has room, or they were put there by name/,
    );
  });

  it("keeps to the hosts of a pool, and to its limit on each", () => {
    const pools = [{ count: 3, hosts: ["h1", "h2"], maxPerHost: 2 }];
    assert.deepEqual(where(placed(stackOf([{}, {}, {}], pools))).slice(1), ["p0-1 h1", "p0-2 h1", "p0-3 h2"]);
    assert.deepEqual(faultsOf(stackOf([{}, {}, {}], [{ count: 5, hosts: ["h1", "h2"], maxPerHost: 2 }])), [
      "pools[1].maxPerHost: found 5 nodes, at most 2 a host, on 2 hosts; expected at most 4 nodes; fix: write `count: 4`, raise maxPerHost, or add hosts",
    ]);
  });

  it("gives each node what it was pinned to, and keeps that from the others", () => {
    const hosts = [{ gpus: cards("3090") }, { gpus: cards("3090", "3090") }];
    const nodes = [{}, { gpus: ["h0-gpu0"] }, { host: "h1" }];
    const placement = placed(stackOf(hosts, [{ count: 3, card: "3090", nodes }]));
    assert.deepEqual(where(placement).slice(1), ["p0-1 h1", "p0-2 h0", "p0-3 h1"]);
    assert.deepEqual(
      ["p0-1", "p0-3"].map((vm) => gpusOf(placement, vm)),
      [["02"], ["01"]],
    );
  });

  it("takes NVLink pairs whole, and breaks none for a single GPU", () => {
    const nvlink = [["0000:02:00.0", "0000:03:00.0"]];
    const hosts = [{ gpus: cards("3090", "3090", "3090"), nvlink }];
    const pair = placed(stackOf(hosts, [{ card: "3090", gpusPerNode: 2 }, { card: "3090" }]));
    assert.deepEqual(
      ["p0-1", "p1-1"].map((vm) => gpusOf(pair, vm)),
      [["02", "03"], ["01"]],
    );
    const [first, second] = pair.vms[1]?.gpus ?? [];
    assert.deepEqual([first?.nvlinkGroup, second?.nvlinkGroup], Array(2).fill("p0-1/nvlink-0000:02:00.0"));
    const single = placed(stackOf(hosts, [{ card: "3090" }]));
    assert.deepEqual(gpusOf(single, "p0-1"), ["01"]);
    const apart = placed(stackOf(hosts, [{ count: 3, card: "3090" }]));
    assert.deepEqual(apart.warnings, [
      "the NVLink bridge between 0000:02:00.0 and 0000:03:00.0 of h0 joins nothing: they are in p0-2 and p0-3. With gpusPerNode: 2 they would be in one VM",
    ]);
    assert.ok(apart.vms.every(({ gpus }) => gpus.every(({ nvlinkGroup }) => nvlinkGroup === undefined)));
  });

  it("never mixes cards in a VM, and names those that are left", () => {
    const hosts = [{ gpus: cards("3090", "3060", "3090") }];
    const placement = placed(stackOf(hosts, [{ card: "3090", gpusPerNode: 2 }]));
    assert.deepEqual(gpusOf(placement, "p0-1"), ["01", "03"]);
    assert.deepEqual(placement.spareGpus, [{ name: "h0-gpu1", host: "h0", pci: "0000:02:00.0", card: "rtx-3060" }]);
    assert.deepEqual(placement.warnings, ["h0-gpu1 (rtx-3060, 0000:02:00.0 of h0) is in no VM: no node pool takes it"]);
  });
});

describe("placeVms refuses", () => {
  const cases: readonly (readonly [string, ProxmoxProfile, readonly string[]])[] = [
    [
      "42: more nodes than there are cards",
      stackOf([{ gpus: cards("3090") }, { gpus: cards("3060") }], [{ count: 2, card: "3060" }]),
      [
        "pools[1].count: found 2 nodes x 1 x rtx-3060; expected at most 1 node: the hosts it may use have no more free rtx-3060; fix: write `count: 1`, or add GPUs under hosts[*].gpus",
      ],
    ],
    [
      "a card that no host has",
      stackOf([{}], [{ card: "4090" }]),
      [
        "pools[1].count: found 1 node x 1 x rtx-4090; expected at most 0 nodes: the hosts it may use have no more free rtx-4090; fix: add the card under hosts[*].gpus, or correct pools[1].card",
      ],
    ],
    [
      "GPUs that are not on one host",
      stackOf([{ gpus: cards("3090") }, { gpus: cards("3090") }], [{ card: "3090", gpusPerNode: 2 }]),
      [
        "pools[1].count: found 1 node x 2 x rtx-3090; expected at most 0 nodes: the hosts it may use have no more free rtx-3090, and 2 more that are on hosts with fewer than 2; fix: add the card under hosts[*].gpus, or correct pools[1].card",
      ],
    ],
    [
      "memory that would be given away twice",
      stackOf([{ memoryGib: 32, gpus: cards("3090", "3090") }], [{ count: 2, card: "3090", memoryGib: 16 }]),
      [
        "pools[1].count: found 2 nodes of 4 threads, 16 GiB and 1 x rtx-3090; the hosts hold 1; expected a host with that much free; free now: h0 60 threads, 12 GiB, 1 x rtx-3090; fix: write `count: 1`, lower cores or memoryGib, or add hosts",
      ],
    ],
    [
      "threads that would be given away twice",
      stackOf([{ cores: 10 }], [{ count: 2 }]),
      [
        "pools[1].count: found 2 nodes of 4 threads and 8 GiB; the hosts hold 1; expected a host with that much free; free now: h0 2 threads, 236 GiB; fix: write `count: 1`, lower cores or memoryGib, or add hosts",
      ],
    ],
    [
      "a pinned host without room",
      stackOf([{ memoryGib: 16 }], [{ memoryGib: 32, nodes: [{ host: "h0" }] }]),
      [
        "pools[1].nodes[0].host: found 4 threads and 32 GiB for p0-1 on h0; expected that much free on it; free now: h0 64 threads, 12 GiB; fix: name another host, or make it smaller",
      ],
    ],
    [
      "GPUs of two hosts, and another card than the pool's",
      stackOf(
        [{ gpus: cards("3090") }, { gpus: cards("3090", "3060") }],
        [
          { card: "3090", gpusPerNode: 2, nodes: [{ gpus: ["h0-gpu0", "h1-gpu0"] }] },
          { card: "3090", nodes: [{ gpus: ["h1-gpu1"] }] },
        ],
      ),
      [
        "pools[1].nodes[0].gpus: found h0-gpu0 on h0 and h1-gpu0 on h1; expected GPUs of one host: a VM is on one; fix: name GPUs of one host",
        "pools[2].nodes[0].gpus: found h1-gpu1, which is a rtx-3060; expected the pool's card, rtx-3090; fix: name a rtx-3090, or put this card into a pool of its own",
      ],
    ],
  ];
  for (const [title, profile, faults] of cases) it(title, () => assert.deepEqual(faultsOf(profile), faults));
});
