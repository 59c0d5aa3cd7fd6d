import assert from "node:assert/strict";
import type { Gpu, Network } from "../../../plan/cluster/hardware";
import { slowestLink } from "../../../plan/cluster/links";
import { allReduceSeconds, sendSeconds } from "../../../plan/speed/collectives";
import { bareCardsOf, cardOf, cardsOf, tenGbit } from "./rows";

const KIB = 1024;
const MIB = KIB * KIB;
const roce: Network = { gbitPerSecond: 200, rdma: true };

const apart = (cards: readonly Gpu[]): readonly Gpu[] => cards.map((gpu, index) => ({ ...gpu, node: `${index}` }));

interface Case {
  readonly what: string;
  readonly cards: readonly Gpu[];
  readonly network?: Network;
  readonly bytes: number;
  /** Measured microseconds. */
  readonly took: number;
  readonly source: string;
}

const cases: readonly Case[] = [
  {
    what: "2 x H100, NVLink, 4 KiB",
    cards: cardsOf(cardOf("h100"), 2),
    bytes: 4 * KIB,
    took: 8.8,
    source: "sgl-project/sglang#2904",
  },
  {
    what: "8 x H100, NVLink, 32 KiB",
    cards: cardsOf(cardOf("h100"), 8),
    bytes: 32 * KIB,
    took: 11.8,
    source: "sgl-project/sglang#2904",
  },
  {
    what: "2 x H200, NVLink, 64 MiB",
    cards: cardsOf(cardOf("h200"), 2),
    bytes: 64 * MIB,
    took: 247.2,
    source: "micro",
  },
  {
    what: "4 cards, PCIe 3.0 peer-to-peer, 8 KiB",
    cards: bareCardsOf(cardOf("a100"), 4, { slot: { generation: 3, width: 16 } }),
    bytes: 8 * KIB,
    took: 20.3,
    source: "haohervchb/sglang-V100#2",
  },
  {
    what: "2 GeForce, host memory, 10 KiB",
    cards: bareCardsOf(cardOf("4090"), 2),
    bytes: 10 * KIB,
    took: 39,
    source: "sgl-project/sglang#39605",
  },
  {
    what: "2 nodes, 200 Gb/s RoCE, 16 KiB",
    cards: apart(bareCardsOf(cardOf("a100"), 2)),
    network: roce,
    bytes: 16 * KIB,
    took: 31.7,
    source: "NVIDIA/dgx-spark-playbooks#103",
  },
];

describe("plan/speed/collectives", () => {
  for (const { what, cards, network, bytes, took, source } of cases) {
    it(`takes ${took} us within 25 %: ${what} (${source})`, () => {
      const seconds = allReduceSeconds(bytes, cards.length, slowestLink(cards, network ?? tenGbit));
      assert.ok(Math.abs((seconds * 1e6) / took - 1) < 0.25, `${(seconds * 1e6).toFixed(1)} us`);
    });
  }

  it("takes no time for one rank, and longer for more of them", () => {
    assert.equal(allReduceSeconds(MIB, 1, undefined), 0);
    const times = [2, 4, 8, 16].map((ranks) =>
      allReduceSeconds(MIB, ranks, slowestLink(apart(bareCardsOf(cardOf("a100"), ranks)), tenGbit)),
    );
    assert.deepEqual(
      times,
      [...times].sort((a, b) => a - b),
    );
  });

  it("moves a byte over each link of a ring once to sum and once to hand out, and sends it once", () => {
    const link = { kind: "network", gbs: 1, latency: 0, p2p: false } as const;
    const more = (of: (bytes: number) => number): number => of(2e9) - of(1e9);
    assert.ok(Math.abs(more((bytes) => allReduceSeconds(bytes, 4, link)) - 1.5) < 1e-9);
    assert.ok(Math.abs(more((bytes) => sendSeconds(bytes, link)) - 1) < 1e-9);
    assert.equal(sendSeconds(1e9, undefined), 0);
  });
});
