import assert from "node:assert/strict";
import { isLoopback, openPorts } from "../../local/listeners";
import { markOf } from "../../local/processes";
import { Children, Place } from "../support/fixtures";

const listens = (host: string): string =>
  `const s = require("node:net").createServer(); s.listen(0, "${host}", () => process.stdout.write(s.address().port + "\\n"));`;

describe("open ports of a stack", () => {
  const children = new Children();
  let place: Place;
  beforeEach(() => (place = new Place()));
  afterEach(async () => {
    await children.killAll();
    place.remove();
  });

  it("are those that its processes hold on all interfaces, by number; not those on loopback, not those of others", async () => {
    const marked = (part: "ray" | "gateway") => ({
      env: { PATH: process.env["PATH"], ...markOf(place.directory, part) },
    });
    const open = [
      await children.run(listens("0.0.0.0"), marked("ray")),
      await children.run(listens("0.0.0.0"), marked("gateway")),
    ].map(({ line }) => Number(line));
    await children.run(listens("127.0.0.1"), marked("ray"));
    await children.run(listens("0.0.0.0"));
    assert.deepEqual(
      openPorts(place.directory).map(({ port }) => port),
      open.sort((a, b) => a - b),
    );
    assert.match(openPorts(place.directory)[0]?.process ?? "", /node$/);
  });

  it("are none when nothing runs", () => {
    assert.deepEqual(openPorts(place.directory), []);
  });
});

describe("isLoopback, in the kernel's notation", () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ["127.0.0.1", "0100007F", true],
    ["127.1.2.3", "0302017F", true],
    ["0.0.0.0", "00000000", false],
    ["192.168.0.127", "7F00A8C0", false],
    ["::1", "00000000000000000000000001000000", true],
    ["::", "00000000000000000000000000000000", false],
    ["::ffff:127.0.0.1", "0000000000000000FFFF00000100007F", true],
    ["::ffff:10.0.0.127", "0000000000000000FFFF00007F00000A", false],
    ["fe80::1", "000080FE000000000000000001000000", false],
  ];
  for (const [address, text, expected] of cases)
    it(`${address} is ${expected ? "loopback" : "not loopback"}`, () => assert.equal(isLoopback(text), expected));
});
