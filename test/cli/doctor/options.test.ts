import assert from "node:assert/strict";
import { doctorCommand, stackIn, type DoctorOptions } from "../../../cli/doctor/options";
import { messageOf } from "../../config/stacks";

describe("the doctor's command line", () => {
  const parse = (...args: readonly string[]): DoctorOptions =>
    doctorCommand()
      .exitOverride()
      .configureOutput({ writeErr: () => undefined })
      .parse([...args], { from: "user" })
      .opts<DoctorOptions>();

  it("takes an address with and without a port", () => {
    const at = (text: string) => parse("--stack", "a", "--at", text).at;
    assert.deepEqual(at("192.168.3.220"), { host: "192.168.3.220", port: 443 });
    assert.deepEqual(at("127.0.0.1:8443"), { host: "127.0.0.1", port: 8443 });
    assert.deepEqual(at("[::1]:8443"), { host: "::1", port: 8443 });
  });

  for (const args of [
    ["--at", "a:b"],
    ["--at", ""],
    ["--at", "a:0"],
    ["--at", "a:65536"],
    ["--timeout", "0"],
    ["--timeout", "x"],
  ]) {
    it(`refuses ${args.join(" ")}`, () =>
      assert.match(
        messageOf(() => parse(...args)),
        /It must be/,
      ));
  }

  it("wants a stack", () => {
    assert.match(
      messageOf(() => stackIn(parse())),
      /^UsageError: --stack: found nothing; expected a stack; fix: /,
    );
  });
});
