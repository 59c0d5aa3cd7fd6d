import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { parse } from "yaml";
import { mergeStackSettings, WorkingCopy, type ConfigEntry, type StackSettings } from "../../engine/workingCopy";

describe("engine/workingCopy: mergeStackSettings", () => {
  const salt = "v1:aaaa";
  const cases: readonly [string, StackSettings, StackSettings | undefined, string[], StackSettings][] = [
    ["the first run takes what is committed", { config: { "p:a": 1 } }, undefined, [], { config: { "p:a": 1 } }],
    [
      "a changed key wins, a new one appears, a removed one disappears",
      { config: { "p:a": 2, "p:new": 3 } },
      { encryptionsalt: salt, config: { "p:a": 1, "p:old": 1 } },
      [],
      { encryptionsalt: salt, config: { "p:a": 2, "p:new": 3 } },
    ],
    [
      "what the engine put stays",
      { config: { "p:a": 1 } },
      { encryptionsalt: salt, config: { "p:a": 1, "p:key": { secure: "v1:x" } } },
      ["p:key"],
      { encryptionsalt: salt, config: { "p:key": { secure: "v1:x" }, "p:a": 1 } },
    ],
    [
      "what the engine no longer puts disappears",
      { config: {} },
      { encryptionsalt: salt, config: { "p:key": { secure: "v1:x" } } },
      [],
      { encryptionsalt: salt, config: {} },
    ],
    [
      "a committed key wins over the engine's",
      { config: { "p:key": "mine" } },
      { encryptionsalt: salt, config: { "p:key": { secure: "v1:x" } } },
      ["p:key"],
      { encryptionsalt: salt, config: { "p:key": "mine" } },
    ],
    [
      "another salt in the committed file drops what was encrypted under the old one",
      { encryptionsalt: "v1:bbbb", config: { "p:s": { secure: "v1:y" } } },
      { encryptionsalt: salt, config: { "p:key": { secure: "v1:x" } } },
      ["p:key"],
      { encryptionsalt: "v1:bbbb", config: { "p:s": { secure: "v1:y" } } },
    ],
    [
      "an empty config is none",
      { config: null },
      { config: { "p:key": "v" } },
      ["p:key"],
      { config: { "p:key": "v" } },
    ],
  ];
  for (const [name, committed, previous, engineKeys, expected] of cases) {
    it(name, () => assert.deepEqual(mergeStackSettings(committed, previous, engineKeys), expected));
  }
});

describe("engine/workingCopy: files", () => {
  let dir: string;
  let workspace: string;

  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), "tokenrack copy-"));
    workspace = path.join(dir, "state", "workspace");
    commit("Pulumi.yaml", "name: probe\nruntime: nodejs\nmain: index.ts\nconfig:\n  probe:a: {type: integer}\n");
  });
  afterEach(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  const commit = (name: string, text: string): void => writeFileSync(path.join(dir, name), text);
  const copied = (name: string): unknown => parse(readFileSync(path.join(workspace, name), "utf8"));
  const open = (providers: { name: string; dir: string }[] = []): WorkingCopy =>
    new WorkingCopy({ projectDir: dir, stackName: "dev", workspace, backendUrl: "file:///state/backend", providers });
  const secret = (value: string): Record<string, ConfigEntry> => ({ token: { value, secret: true } });

  it("points the project at its backend, its folder and the stand-ins, and keeps the rest", () => {
    assert.equal(open([{ name: "command", dir: "/standins" }]).project, "probe");
    assert.deepEqual(copied("Pulumi.yaml"), {
      name: "probe",
      runtime: "nodejs",
      main: dir,
      config: { "probe:a": { type: "integer" } },
      backend: { url: "file:///state/backend" },
      plugins: { providers: [{ name: "command", path: "/standins" }] },
    });
  });

  it("leaves a provider that the project itself points somewhere", () => {
    commit("Pulumi.yaml", "name: probe\nruntime: nodejs\nplugins: {providers: [{name: command, path: /mine}]}\n");
    open([{ name: "command", dir: "/standins" }]);
    const settings = copied("Pulumi.yaml");
    assert.deepEqual((settings as { plugins: unknown }).plugins, { providers: [{ name: "command", path: "/mine" }] });
  });

  it("writes plain entries and returns secret ones until they are recorded, again when they change", () => {
    commit("Pulumi.dev.yaml", "config:\n  probe:a: 1\n");
    const entries = { ...secret("secret-1"), size: { value: "4", secret: false } };
    assert.deepEqual([...open().sync(entries, "pass")], [["probe:token", "secret-1"]]);
    assert.deepEqual(copied("Pulumi.dev.yaml"), { config: { "probe:a": 1, "probe:size": "4" } });

    // As `pulumi config set --secret` would.
    const encrypted = "config: {probe:token: {secure: v1:x}}\nencryptionsalt: v1:aaaa\n";
    writeFileSync(path.join(workspace, "Pulumi.dev.yaml"), encrypted);
    open().recordSecret("probe:token", "secret-1", "pass");
    assert.deepEqual([...open().sync(entries, "pass")], []);
    assert.deepEqual([...open().sync(secret("secret-2"), "pass")], [["probe:token", "secret-2"]]);
    assert.deepEqual([...open().sync(entries, "another passphrase")], [["probe:token", "secret-1"]]);
    assert.ok(!readFileSync(path.join(workspace, "engine-config.dev.json"), "utf8").includes("secret-1"));
  });

  it("lets a committed entry win over one that the engine would put", () => {
    commit("Pulumi.dev.yaml", "config:\n  probe:token: mine\n");
    assert.deepEqual([...open().sync(secret("s1"), "pass")], []);
    assert.deepEqual(copied("Pulumi.dev.yaml"), { config: { "probe:token": "mine" } });
  });

  it("names the file that is missing or is not what it should be", () => {
    commit("Pulumi.dev.yaml", "config: [1]\n");
    assert.throws(() => open().sync({}, "pass"), /Pulumi\.dev\.yaml:[^]*at config/);
    commit("Pulumi.dev.yaml", "config: {\n");
    assert.throws(() => open().sync({}, "pass"), /Pulumi\.dev\.yaml is not valid YAML/);
    rmSync(path.join(dir, "Pulumi.yaml"));
    assert.throws(() => open(), /Pulumi\.yaml is missing/);
  });
});
