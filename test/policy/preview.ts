/** A stack's preview on the real engine, with the policy pack. */
import assert from "node:assert/strict";
import type { EngineEvent, PulumiFn } from "@pulumi/pulumi/automation";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { namespace, secretKeys } from "../../config/schema";
import { withPolicyAnalyzer } from "../../engine/policyAnalyzer";
import { openStack } from "../../engine/stack";
import type { ConfigEntry } from "../../engine/workingCopy";
import { CACHE_DIR, type Engine } from "../engine/harness";

/** The pack as it is committed. */
export const packDir = join(__dirname, "..", "..", "policy");

/** What a preview with the pack says. */
export interface PolicyReport {
  /** "<policy>: <message>", sorted. */
  readonly violations: readonly string[];
  /** Resources that the engine looked at. */
  readonly resources: number;
  /** Why the engine refused; undefined where it did not. */
  readonly refusal?: string;
}

/** A policy's message without colours and without the pack's description of it. */
const wordsOf = ({ policyName, message }: { policyName: string; message: string }): string => {
  const lines = message
    .replace(/<\{%[^%]*%\}>/g, "")
    .trim()
    .split("\n");
  return `${policyName}: ${lines.at(-1)?.trim() ?? ""}`;
};

/**
 * Asks the engine what an `up` would do, with the pack.
 * @param values the stack's keys, secrets in the clear
 * @param rules what is set for single rules
 */
export async function previewWithPack(
  engine: Engine,
  stackName: string,
  values: Readonly<Record<string, unknown>>,
  program: PulumiFn,
  rules: Readonly<Record<string, object>> = {},
): Promise<PolicyReport> {
  const dir = mkdtempSync(join(tmpdir(), "tokenrack-policy-"));
  try {
    writeFileSync(join(dir, "Pulumi.yaml"), stringify({ name: namespace, runtime: "nodejs", main: "index.ts" }));
    writeFileSync(join(dir, `Pulumi.${stackName}.yaml`), "config: {}\n");
    const config = Object.entries(values).map(([key, value]): [string, ConfigEntry] => [
      `${namespace}:${key}`,
      secretKeys.includes(key) ? { secret: true, value: String(value) } : { secret: false, value },
    ]);
    const rulesFile = join(dir, "rules.json");
    writeFileSync(rulesFile, JSON.stringify(rules));
    const env = { ...withPolicyAnalyzer(CACHE_DIR), PULUMI_CONFIG_PASSPHRASE: "of a test" };
    const stateDir = join(dir, "state");
    const given = { stackName, projectDir: dir, stateDir, cacheDir: CACHE_DIR, program, env, ...engine };
    const stack = await (await openStack({ ...given, config: Object.fromEntries(config) })).prepare();
    const violations: string[] = [];
    let resources = 0;
    const onEvent = ({ policyEvent, resourcePreEvent }: EngineEvent): void => {
      if (resourcePreEvent !== undefined) resources += 1;
      if (policyEvent !== undefined) violations.push(wordsOf(policyEvent));
    };
    const packs = { policyPacks: [packDir], policyPackConfigs: [rulesFile] };
    let refusal: string | undefined;
    await stack.preview({ onEvent, ...packs }).catch((error: unknown) => {
      assert.ok(error instanceof Error);
      refusal = error.message;
    });
    return { violations: violations.sort(), resources, ...(refusal === undefined ? {} : { refusal }) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
