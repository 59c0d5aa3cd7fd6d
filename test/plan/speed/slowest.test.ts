import assert from "node:assert/strict";
import type { Gpu } from "../../../plan/cluster/hardware";
import { slowestReplica, speedOf, type Timed } from "../../../plan/speed";
import { shapeOf, spread } from "../memory/cases";
import { bareCardsOf, cardOf, cardsOf, tenGbit } from "./rows";

const asked: Timed = {
  shape: shapeOf("meta-llama/Llama-3.1-8B-Instruct"),
  layout: spread(1, 2),
  network: tenGbit,
  settings: {
    maxNumSeqs: 256,
    maxNumBatchedTokens: 2048,
    kvDtypeBytes: 2,
    enforceEager: false,
    asyncScheduling: true,
  },
  contextTokens: 1024,
  promptTokens: 2048,
  concurrency: 16,
};

const pair = (card: string): readonly Gpu[] => cardsOf(cardOf(card), 2);

const narrow = (gpus: readonly Gpu[]): readonly Gpu[] =>
  gpus.map((gpu) => ({ ...gpu, slot: { generation: 3, width: 1 } }));

const apart = (gpus: readonly Gpu[]): readonly Gpu[] => gpus.map((gpu, index) => ({ ...gpu, node: `node-${index}` }));

describe("plan/speed, the slowest of several replicas", () => {
  it("is the slowest of all, wherever it stands and whatever makes it slow", () => {
    const kinds: readonly (readonly Gpu[])[] = [
      pair("h200"),
      apart(pair("h200")),
      bareCardsOf(cardOf("h200"), 2),
      narrow(bareCardsOf(cardOf("h200"), 2)),
      pair("4090"),
    ];
    for (const layout of [spread(1, 2), spread(2)]) {
      for (const a of kinds) {
        for (const b of kinds) {
          const speeds = [a, b].map((gpus) => speedOf({ ...asked, layout, gpus }));
          const most = Math.max(...speeds.map(({ interTokenBusy }) => interTokenBusy.value));
          const slowest = slowestReplica({ ...asked, layout }, [a, b]);
          assert.equal(slowest?.interTokenBusy.value, most);
          assert.deepEqual(slowestReplica({ ...asked, layout }, [a, b, a, b]), slowest);
        }
      }
    }
  });

  it("tells cards with offloaded weights apart by their slots", () => {
    const own = { ...asked, layout: spread(1), settings: { ...asked.settings, cpuOffloadGib: 4 } };
    const [wide, slow] = [pair("h200").slice(0, 1), narrow(pair("h200").slice(0, 1))];
    assert.deepEqual(slowestReplica(own, [wide, slow]), speedOf({ ...own, gpus: slow }));
  });

  it("tells cards apart that are in slots alike", () => {
    const own = { ...asked, layout: spread(1) };
    const [fast, slow] = [bareCardsOf(cardOf("4090"), 1), bareCardsOf(cardOf("3060"), 1)];
    assert.deepEqual(slowestReplica(own, [fast, slow]), speedOf({ ...own, gpus: slow }));
  });

  it("is undefined without any replica", () => {
    assert.equal(slowestReplica(asked, []), undefined);
  });
});
