import assert from "node:assert/strict";
import fc from "fast-check";
import { contains, formatAddress, overlap, parseAddress, parseNetwork, parseRange } from "../../config/addresses";

describe("IPv4 addresses", () => {
  it("are read and written back, and nothing else is one", () => {
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        const address = parseAddress(text);
        assert.equal(address === undefined ? undefined : formatAddress(address), text);
      }),
    );
    for (const text of ["", "1.2.3", "1.2.3.256", "01.2.3.4", "1.2.3.4.5", "1.2.3.-4", "a.b.c.d", " 1.2.3.4"])
      assert.equal(parseAddress(text), undefined, text);
  });

  it("make networks by their first address", () => {
    assert.deepEqual(parseNetwork("192.168.2.0/23"), { first: 0xc0a80200, last: 0xc0a803ff, prefix: 23 });
    assert.deepEqual(parseNetwork("0.0.0.0/0"), { first: 0, last: 2 ** 32 - 1, prefix: 0 });
    for (const text of ["192.168.2.1/23", "192.168.3.0/23", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/8/8", "10.0.0.0/"])
      assert.equal(parseNetwork(text), undefined, text);
  });

  it("overlap when one network has an address of the other", () => {
    const net = fc.tuple(fc.nat(2 ** 20), fc.integer({ min: 8, max: 32 })).map(([n, prefix]) => {
      const size = 2 ** (32 - prefix);
      const first = Math.floor((n * 4093) / size) * size;
      return { first, last: first + size - 1, prefix };
    });
    fc.assert(
      fc.property(net, net, (a, b) => {
        const shared = contains(a, b.first) || contains(b, a.first);
        assert.equal(overlap(a, b), shared);
        assert.equal(overlap(b, a), shared);
      }),
    );
  });

  it("stand in ranges, both ends included", () => {
    assert.deepEqual(parseRange("10.0.0.254-10.0.1.1"), ["10.0.0.254", "10.0.0.255", "10.0.1.0", "10.0.1.1"]);
    assert.deepEqual(parseRange("10.0.0.1"), ["10.0.0.1"]);
    assert.equal(parseRange("10.0.0.0-10.0.15.255")?.length, 4096);
    for (const text of ["10.0.0.2-10.0.0.1", "10.0.0.0-10.0.16.0", "10.0.0.1-2", "1.1.1.1-1.1.1.2-1.1.1.3", "-"])
      assert.equal(parseRange(text), undefined, text);
  });
});
