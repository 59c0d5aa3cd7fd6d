import assert from "node:assert/strict";
import { overlap, parseNetwork, type Network } from "../../../config/addresses";
import { freeRanges, mostNodes, rangesAt } from "../../../e2e/node/ranges";

const network = (text: string): Network => parseNetwork(text) ?? assert.fail(`${text} is no network`);

describe("e2e/node/ranges", () => {
  const cases: readonly (readonly [title: string, routes: readonly string[], all: string])[] = [
    ["no routes", [], "10.213.0.0/16"],
    ["a default route leads everywhere and takes nothing", ["default", "0.0.0.0/0"], "10.213.0.0/16"],
    ["another rack", ["10.213.0.0/16"], "10.214.0.0/16"],
    ["one host in it", ["10.213.7.9"], "10.214.0.0/16"],
    ["a network around all of 10", ["10.0.0.0/8", "192.0.2.0/24"], "172.20.0.0/16"],
    ["what is no IPv4 network", ["fe80::/64", "broadcast"], "10.213.0.0/16"],
  ];
  for (const [title, routes, all] of cases) {
    it(title, () => assert.equal(freeRanges(routes).all, all));
  }

  it("says so when nothing is free", () => {
    assert.throws(() => freeRanges(["10.0.0.0/8", "172.16.0.0/12"]), /no addresses are left/);
  });

  it("all parts are within, and none overlaps another", () => {
    const ranges = rangesAt("10.213");
    const indexes = Array.from({ length: mostNodes }, (_, index) => index);
    const pods = indexes.map((index) => network(ranges.podsOf(index)));
    const link = network("10.213.0.0/30");
    assert.ok(ranges.machine.startsWith("10.213.0.1/"));
    const parts = [
      link,
      network(ranges.services),
      ...indexes.map((index) => network(`${ranges.node(index)}/32`)),
      ...pods,
    ];
    const all = network(ranges.all);
    for (const [index, part] of parts.entries()) {
      assert.ok(overlap(all, part));
      assert.deepEqual(
        parts.slice(index + 1).filter((other) => overlap(part, other)),
        [],
      );
    }
    const cluster = network(ranges.pods);
    assert.ok(pods.every((one) => one.first >= cluster.first && one.last <= cluster.last));
  });
});
