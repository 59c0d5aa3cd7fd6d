import assert from "node:assert/strict";
import type { Gpu, Network } from "../../../plan/cluster/hardware";
import { linkBetween, slotGBs, slowestLink, type Link } from "../../../plan/cluster/links";
import { bareCardsOf, cardOf, tenGbit } from "../speed/rows";

const one = (name: string, own: Partial<Gpu> = {}): Gpu => bareCardsOf(cardOf(name), 1, own)[0] ?? assert.fail(name);

const infiniband: Network = { gbitPerSecond: 200, rdma: true };
const plain = ({ kind, gbs, p2p }: Link): string => `${kind} ${gbs.toFixed(1)}${p2p ? " p2p" : ""}`;

interface Case {
  readonly what: string;
  readonly a: Gpu;
  readonly b: Gpu;
  readonly network?: Network;
  readonly link: string;
}

const bridged = { nvlinkGroup: "bridge" } as const;
const cases: readonly Case[] = [
  { what: "GeForce goes through host memory", a: one("3090"), b: one("3090"), link: "pcie 10.1" },
  { what: "the newest GeForce too", a: one("5090"), b: one("5090"), link: "pcie 20.2" },
  { what: "datacentre cards read each other", a: one("l40s"), b: one("l40s"), link: "pcie 25.2 p2p" },
  {
    what: "not from inside a VM",
    a: one("l40s", { passthrough: true }),
    b: one("l40s", { passthrough: true }),
    link: "pcie 10.1",
  },
  {
    what: "the narrower slot counts",
    a: one("l40s"),
    b: one("l40s", { slot: { generation: 3, width: 4 } }),
    link: "pcie 3.2 p2p",
  },
  { what: "a bridge of 3090", a: one("3090", bridged), b: one("3090", bridged), link: "nvlink 37.1 p2p" },
  {
    what: "a bridge in a VM",
    a: one("3090", { ...bridged, passthrough: true }),
    b: one("3090", { ...bridged, passthrough: true }),
    link: "nvlink 37.1 p2p",
  },
  {
    what: "another bridge",
    a: one("3090", bridged),
    b: one("3090", { nvlinkGroup: "other" }),
    link: "pcie 10.1",
  },
  {
    what: "groups of two nodes are two",
    a: one("h100", bridged),
    b: one("h100", { ...bridged, node: "other" }),
    link: "network 1.1",
  },
  { what: "a switch", a: one("h100", bridged), b: one("h100", bridged), link: "nvlink 297.0 p2p" },
  { what: "10 GbE", a: one("3090"), b: one("3090", { node: "other" }), link: "network 1.1" },
  {
    what: "TCP over a fast network",
    a: one("h100"),
    b: one("h100", { node: "other" }),
    network: { gbitPerSecond: 100, rdma: false },
    link: "network 4.0",
  },
  {
    what: "InfiniBand",
    a: one("h100"),
    b: one("h100", { node: "other" }),
    network: infiniband,
    link: "network 22.5 p2p",
  },
  {
    what: "InfiniBand behind a narrow slot",
    a: one("h100", { slot: { generation: 3, width: 4 } }),
    b: one("h100", { node: "other" }),
    network: infiniband,
    link: "network 3.2 p2p",
  },
];

describe("plan/cluster/links", () => {
  for (const { what, a, b, network, link } of cases) {
    it(`${what}: ${link}`, () => {
      assert.equal(plain(linkBetween(a, b, network ?? tenGbit)), link);
      assert.deepEqual(linkBetween(b, a, network ?? tenGbit), linkBetween(a, b, network ?? tenGbit));
    });
  }

  it("takes no more from a slot than the card has, and no more from the card than the slot", () => {
    const gen5 = { generation: 5, width: 16 } as const;
    assert.equal(slotGBs(one("3090", { slot: gen5 })), slotGBs(one("3090")));
    assert.ok(slotGBs(one("5090", { slot: { generation: 3, width: 8 } })) < slotGBs(one("5090")) / 7);
  });

  it("takes longer for a small message the farther it goes", () => {
    const [near, far] = [one("l40s"), one("l40s", { node: "other" })];
    const seconds = [
      linkBetween(one("h100", bridged), one("h100", bridged), tenGbit),
      linkBetween(near, near, tenGbit),
      linkBetween(near, far, infiniband),
      linkBetween(one("3090"), one("3090"), tenGbit),
      linkBetween(near, far, tenGbit),
    ].map(({ latency }) => latency);
    assert.deepEqual(
      seconds,
      [...seconds].sort((a, b) => a - b),
    );
  });

  it("takes longer over TCP from a VM, at each end, and as long over RDMA", () => {
    const ends = (from: boolean, to: boolean, network: Network): number =>
      linkBetween(one("3090", { passthrough: from }), one("3090", { passthrough: to, node: "other" }), network).latency;
    const [bare, half, both] = [ends(false, false, tenGbit), ends(true, false, tenGbit), ends(true, true, tenGbit)];
    assert.ok(bare < half && half < both);
    assert.equal(ends(true, true, infiniband), ends(false, false, infiniband));
  });

  it("finds the slowest of a group: one GPU on another node is enough", () => {
    const group = [one("h100", bridged), one("h100", bridged), one("h100", { node: "other" })];
    const slowest = slowestLink(group, tenGbit);
    assert.equal(slowest?.kind, "network");
    assert.equal(slowestLink(group.slice(0, 2), tenGbit)?.kind, "nvlink");
    assert.equal(slowestLink(group.slice(0, 1), tenGbit), undefined);
  });

  it("keeps the longest latency when another pair has the least bandwidth", () => {
    const slot = { generation: 3, width: 1 } as const;
    const group = [one("h100"), one("h100", { slot }), one("h100", { node: "other" })];
    const slowest = slowestLink(group, { gbitPerSecond: 400, rdma: true });
    assert.ok(slowest);
    assert.ok(slowest.gbs < 1);
    assert.equal(
      slowest.latency,
      linkBetween(group[0] ?? assert.fail(), group[2] ?? assert.fail(), infiniband).latency,
    );
  });
});
