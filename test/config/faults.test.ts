import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { describe as describeValue, describeHidden, formatPath } from "../../config/describe";
import { keysAt, nearestKey } from "../../config/keys";
import { parseProfile } from "../../config/parse";
import {
  namespace,
  platformKinds,
  portDefaults,
  requiredSecrets,
  secretKeys,
  stackKeys,
  stacks,
} from "../../config/schema";

const root = join(__dirname, "../..");
const readYaml = (file: string): unknown => parse(readFileSync(join(root, file), "utf8"));

describe("words for what was found", () => {
  it("name the type and the value, clipped", () => {
    assert.equal(describeValue("a\nb"), 'text "a\\nb"');
    assert.equal(describeValue("x".repeat(100)).length, "text ".length + 60);
    assert.equal(describeValue({ b: 1, a: 2 }), "a group (b, a)");
    assert.equal(describeValue(10n), "a bigint");
    assert.equal(describeValue(null), "null");
  });

  it("name only the type when hidden", () => {
    assert.equal(describeHidden("CANARY"), "text of 6 characters (not shown)");
    assert.equal(describeHidden(["CANARY"]), "a list or group (not shown)");
    assert.equal(describeHidden(""), "an empty text");
  });

  it("write a path as it stands in the stack file", () => {
    assert.equal(formatPath(["models", 0, "name"]), "models[0].name");
    assert.equal(formatPath([]), "(stack)");
  });
});

describe("nearestKey", () => {
  it("suggests what differs by a third of its letters at most", () => {
    assert.equal(nearestKey("modles", stackKeys), "models");
    assert.equal(nearestKey("prots", stackKeys), "ports");
    assert.equal(nearestKey("PLATFORM", stackKeys), "platform");
    assert.equal(nearestKey("trustRemoteCode", stackKeys), undefined);
  });
});

describe("Pulumi.yaml", () => {
  const project = readYaml("Pulumi.yaml") as {
    config: Record<string, { type?: string; default?: unknown; description?: string; secret?: boolean }>;
  };

  it("lists exactly the keys of the schema, each with a description, secrets as such", () => {
    assert.deepEqual(Object.keys(project.config), stackKeys);
    for (const [key, entry] of Object.entries(project.config)) {
      assert.ok((entry.description ?? "").length > 20, key);
      assert.equal(entry.secret === true, secretKeys.includes(key), key);
    }
  });

  it("asks every stack for the same secrets, and gives the others an empty default without a type", () => {
    for (const [key, { type, default: fallback }] of Object.entries(project.config)) {
      const needed = requiredSecrets("local").includes(key);
      if (secretKeys.includes(key))
        assert.deepEqual([type, fallback], needed ? ["string", undefined] : [undefined, ""]);
      else assert.deepEqual(fallback, { array: [], object: {}, string: "" }[type ?? ""]);
    }
  });

  it("names every key of every group", () => {
    for (const kind of platformKinds) {
      for (const group of ["platform", "hosts", "pools", "network", "cluster", "ingress", "models", "gateway"]) {
        const text = project.config[group]?.description ?? "";
        const list = ["hosts", "pools", "models"].includes(group);
        const keys = keysAt(stacks[kind].schema, list ? [group, 0] : [group]);
        for (const key of keys) assert.ok(new RegExp(`\\b${key}\\b`).test(text), `${kind}: ${group}.${key}`);
      }
    }
  });

  it("names the default ports as they are", () => {
    const text = project.config["ports"]?.description ?? "";
    for (const [role, port] of Object.entries(portDefaults)) assert.ok(text.includes(`${role} (${port})`), role);
  });
});

describe("Pulumi.local.yaml", () => {
  it("is a stack that parses", () => {
    const { config } = readYaml("Pulumi.local.yaml") as { config: Record<string, unknown> };
    const raw = Object.entries(config).map(([key, value]) => [key.replace(`${namespace}:`, ""), value]);
    const profile = parseProfile(Object.fromEntries(raw));
    assert.deepEqual(profile.models, [{ name: "tiny-llama", source: "builtin:tiny-llama", kind: "builtin" }]);
  });
});
