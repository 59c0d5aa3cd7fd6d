import assert from "node:assert/strict";
import {
  checkLocal,
  checkRemote,
  localInputs,
  localState,
  remoteInputs,
} from "../../../../engine/standins/command/inputs";
import { UNKNOWN } from "../../../../engine/standins/values";

describe("engine/standins/command: inputs", () => {
  it("are read through their secret wrapping", () => {
    const stdin = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value: "s" };
    assert.deepEqual(localInputs({ create: "a", stdin, __defaults: [], update: null }), { create: "a", stdin: "s" });
  });

  it("of a state have the last output, empty if there was none", () => {
    assert.deepEqual(localState({ stdout: "o" }), { stdout: "o", stderr: "" });
  });

  it("pass while they are unknown", () => {
    assert.deepEqual(checkLocal({ create: UNKNOWN, environment: UNKNOWN, logging: UNKNOWN, triggers: [UNKNOWN] }), []);
  });

  it("that do not fit are named", () => {
    const properties = { create: 1, environment: { A: 2 }, logging: "all", archivePaths: ["*"], colour: "red" };
    const failures = checkLocal(properties).map(({ property }) => property);
    assert.deepEqual(failures.sort(), ["archivePaths", "colour", "create", "environment.A", "logging"]);
  });

  it("of a remote command have the official defaults", () => {
    assert.deepEqual(remoteInputs({ connection: { host: "h" } }).connection, {
      host: "h",
      user: "root",
      port: 22,
      dialErrorLimit: 10,
      perDialTimeout: 15,
    });
  });

  it("of a remote command that are not implemented are refused by name", () => {
    const connection = { host: "h", proxy: { host: "b" }, agentSocketPath: "/a" };
    const failures = checkRemote({ connection, dir: "/" });
    assert.deepEqual(failures.map(({ property }) => property).sort(), [
      "connection.agentSocketPath",
      "connection.proxy",
      "dir",
    ]);
    assert.match(failures[0]?.reason ?? "", /does not implement it; it needs the official command plugin/);
    assert.deepEqual(checkRemote({ connection: UNKNOWN, create: "true" }), []);
  });
});
