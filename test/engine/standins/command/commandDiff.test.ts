import assert from "node:assert/strict";
import { commandDiff } from "../../../../engine/standins/command/commandDiff";
import { UNKNOWN, type Properties } from "../../../../engine/standins/values";

const secret = (value: string): Properties => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  value,
});

/** Expected: no change, or property path -> kind, replacements marked. As seen of plugin 1.2.1. */
const TABLE: readonly [string, Properties, Properties, Record<string, string>][] = [
  ["nothing", { create: "a", environment: { A: "1" } }, { environment: { A: "1" }, create: "a" }, {}],
  ["create", { create: "a" }, { create: "b" }, { create: "update" }],
  ["only delete", { delete: "a" }, { delete: "b" }, { delete: "update" }],
  ["update added", { create: "a" }, { create: "a", update: "u" }, { update: "add" }],
  ["stdin removed", { stdin: "a" }, {}, { stdin: "delete" }],
  ["an environment value", { environment: { A: "1" } }, { environment: { A: "2" } }, { "environment.A": "update" }],
  ["an odd name", { environment: { "a b": "1" } }, { environment: {} }, { 'environment["a b"]': "delete" }],
  ["interpreter", { interpreter: ["sh"] }, { interpreter: ["sh", "-c"] }, { "interpreter[1]": "add" }],
  ["dir", { dir: "/a" }, { dir: "/b" }, { dir: "update" }],
  ["a trigger", { triggers: [1, "x"] }, { triggers: [2, "x"] }, { "triggers[0]": "update replace" }],
  ["inside a trigger", { triggers: [{ a: 1 }] }, { triggers: [{ a: 2 }] }, { "triggers[0].a": "update replace" }],
  ["triggers added", {}, { triggers: [1] }, { triggers: "add replace" }],
  ["triggers longer", { triggers: [1] }, { triggers: [1, 2] }, { "triggers[1]": "add replace" }],
  ["an unknown trigger", { triggers: ["a"] }, { triggers: [UNKNOWN] }, { "triggers[0]": "update replace" }],
  ["the same secret", { stdin: secret("a") }, { stdin: secret("a") }, {}],
  ["a secret", { stdin: secret("a") }, { stdin: secret("b") }, { stdin: "update" }],
  ["becoming secret", { stdin: "a" }, { stdin: secret("a") }, { stdin: "update" }],
  ["the engine's own keys", { __defaults: [] }, { __defaults: ["x"], version: "1.2.1" }, {}],
];

describe("engine/standins/command: what a change does", () => {
  for (const [name, olds, news, expected] of TABLE) {
    it(`${name}: ${Object.values(expected).join(", ") || "no change"}`, () => {
      const { changes, replaces } = commandDiff(olds, news);
      const seen = [...changes].map(([path, kind]) => [path, replaces.has(path) ? `${kind} replace` : kind]);
      assert.deepEqual(Object.fromEntries(seen), expected);
    });
  }
});
