import assert from "node:assert/strict";
import fc from "fast-check";
import { ProfileError } from "../../config/errors";
import { parseProfile, parseStack } from "../../config/parse";
import { stackKeys } from "../../config/schema";
import { existing, hash, minimal, proxmox, proxmoxSecrets, secrets } from "./stacks";

const canary = "CANARY";
const whole = { ...minimal, gateway: {}, ports: {}, paths: { run: "/run/x" }, ...secrets };
const wholes = {
  local: whole,
  proxmox: { ...proxmox, ...proxmoxSecrets },
  existing: { ...existing, ...secrets, kubeconfig: "clusters: []\nusers: []\ncontexts: []" },
};

/** Any value, and values that are nearly right. */
const value = fc.oneof(
  fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true, withMap: true }),
  fc.constantFrom<unknown>(
    0,
    -1,
    1e300,
    Number.NaN,
    "",
    "local",
    "auto",
    "org/name",
    [],
    {},
    null,
    undefined,
    "__proto__",
  ),
);
const key = fc.oneof(
  fc.constantFrom(
    ...stackKeys,
    "kind",
    "source",
    "name",
    "revision",
    "serve",
    "cpuThreads",
    "gpus",
    "pci",
    "card",
    "nvlink",
    "ssh",
    "count",
    "addresses",
    "nodes",
    "subnet",
    "gateway",
    "taint",
    "constructor",
    "__proto__",
  ),
  fc.string(),
);
const mutation = fc.record({ path: fc.array(fc.oneof(key, fc.nat(2)), { minLength: 1, maxLength: 5 }), value });

/** A copy of `root` with `path` set to `value`, as far as the path can be walked; own properties only. */
function mutate(root: unknown, path: readonly (string | number)[], replacement: unknown): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return replacement;
  if (Array.isArray(root)) {
    const copy: unknown[] = [...(root as unknown[])];
    if (typeof head === "number") copy[head] = mutate(copy[head], rest, replacement);
    return copy;
  }
  if (typeof root !== "object" || root === null) return replacement;
  const own = Object.getOwnPropertyDescriptor(root, head)?.value as unknown;
  const entries = Object.entries(root).filter(([name]) => name !== String(head));
  return Object.fromEntries([...entries, [String(head), mutate(own, rest, replacement)]]);
}

/** Runs a parser; anything but a ProfileError is the failure. */
function messageIfRefused(parse: (raw: unknown) => unknown, raw: unknown): string {
  try {
    parse(raw);
    return "";
  } catch (error) {
    assert.ok(error instanceof ProfileError, `threw ${String(error)}`);
    assert.ok(error.faults.length > 0);
    return error.message;
  }
}

/**
 * Milliseconds. Thousands of stacks are read here, each with its private keys: 2 to 4 s of work, which a loaded machine
 * stretches past mocha's usual limit.
 */
const manyCases = 120_000;

describe("mutated stacks", () => {
  for (const [kind, stack] of Object.entries(wholes))
    it(`of kind ${kind} throw a ProfileError or nothing`, () => {
      fc.assert(
        fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
          const raw = mutations.reduce<unknown>((whole, { path, value: v }) => mutate(whole, path, v), stack);
          messageIfRefused(parseProfile, raw);
          messageIfRefused(parseStack, raw);
        }),
        { numRuns: 1000 },
      );
    }).timeout(manyCases);

  it("never show a secret of a cluster, whatever else is wrong", () => {
    const key = fc.constantFrom(
      ...Object.keys(proxmoxSecrets),
      "kubeconfig",
      "hfToken",
      "clusterPasswordHashes",
      "internalCaKey",
    );
    const shape = fc.constantFrom<unknown>(
      canary,
      [canary],
      { [canary]: canary },
      `-----BEGIN PRIVATE KEY-----\n${canary}`,
    );
    fc.assert(
      fc.property(key, shape, mutation, (secret, what, { path, value: v }) => {
        for (const stack of [wholes.proxmox, wholes.existing]) {
          const raw = { ...(mutate(stack, path, v) as object | null), [secret]: what };
          assert.ok(!messageIfRefused(parseStack, raw).includes(canary));
        }
      }),
      { numRuns: 500 },
    );
  }).timeout(manyCases);

  it("never show a secret, wherever in the secrets it stands", () => {
    const user = { name: "admin", passwordHash: hash, scopes: ["chat:write"], models: ["*"] };
    const spot = fc.constantFrom("name", "passwordHash", "scopes", "models", canary, "extra");
    const shape = fc.constantFrom<unknown>(canary, [canary], { [canary]: canary }, [[canary]], `${canary} ${canary}`);
    fc.assert(
      fc.property(
        spot,
        shape,
        fc.constantFrom("rayToken", "signingKey", "users", "firstUserPassword"),
        (where, what, secret) => {
          const users = [{ ...user, [where]: what }, user];
          const raws = [
            { ...whole, users: JSON.stringify(users) },
            { ...whole, users },
            { ...whole, [secret]: what },
          ];
          for (const raw of raws) assert.ok(!messageIfRefused(parseStack, raw).includes(canary));
        },
      ),
      { numRuns: 300 },
    );
  }).timeout(manyCases);
});
