import assert from "node:assert/strict";
import { checkInputs, parseInputs, parseState } from "../../../../engine/standins/command/inputs";
import { UNKNOWN } from "../../../../engine/standins/values";

describe("engine/standins/command: inputs", () => {
  it("are read through their secret wrapping", () => {
    const stdin = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value: "s" };
    assert.deepEqual(parseInputs({ create: "a", stdin, __defaults: [], update: null }), { create: "a", stdin: "s" });
  });

  it("of a state have the last output, empty if there was none", () => {
    assert.deepEqual(parseState({ stdout: "o" }), { stdout: "o", stderr: "" });
  });

  it("pass while they are unknown", () => {
    assert.deepEqual(checkInputs({ create: UNKNOWN, environment: UNKNOWN, logging: UNKNOWN, triggers: [UNKNOWN] }), []);
  });

  it("that do not fit are named", () => {
    const properties = { create: 1, environment: { A: 2 }, logging: "all", archivePaths: ["*"], colour: "red" };
    const failures = checkInputs(properties).map(({ property }) => property);
    assert.deepEqual(failures.sort(), ["archivePaths", "colour", "create", "environment.A", "logging"]);
  });
});
