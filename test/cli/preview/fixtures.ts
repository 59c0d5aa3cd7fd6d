/** Previews as they were recorded, and what belongs to them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { changesOf, type Changes, type Compared } from "../../../cli/preview/changes";
import type { HostLook } from "../../../cli/preview/look";
import type { Base } from "../../../cli/preview/compare";
import { stageFactsOf } from "../../../cli/preview/facts";
import { usersOf } from "../../../cli/preview/users";
import { verdictOf } from "../../../cli/preview/verdict";
import { parseProfile } from "../../../config/parse";
import { secretKeys } from "../../../config/schema";
import type { PreviewStep, StackPreview } from "../../../engine/preview";
import { makePlan, type Plan } from "../../../plan/plan";
import { afterOf, beforeOf, caseOf, fileOf } from "./cases";
import type { Stack } from "./upped";

interface Recorded {
  readonly steps: readonly PreviewStep[];
  readonly same: number;
  readonly warnings: readonly string[];
}

/** The engine's answer to a case; resources that stay the same are there without their names. */
export function recorded(name: string): StackPreview {
  const text = readFileSync(join(__dirname, "recorded", fileOf(name)), "utf8");
  const { steps, same, warnings } = JSON.parse(text) as Recorded;
  const other = { op: "same", urn: "a::b::c::d", type: "x", name: "d", protect: false, changed: [] };
  return { steps: [...steps, ...Array.from({ length: same }, () => other)], warnings };
}

const openKeys = (stack: Stack): Stack =>
  Object.fromEntries(Object.entries(stack).filter(([key]) => !secretKeys.includes(key)));

const made = (stack: string, values: Stack): Plan =>
  makePlan(parseProfile(openKeys(values), { stack }), { modelConfigs: {} });

/** The plan after a case. @throws ProfileError where it does not fit */
export const planOf = (name: string): Plan => made(caseOf(name).stack, afterOf(caseOf(name)));

/** What a case starts from. */
export function baseOf(name: string): Base {
  const one = caseOf(name);
  return { from: "origin/main", kind: "planned", verdict: verdictOf(made(one.stack, beforeOf(one))) };
}

const secretsOf = (values: Stack): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => (secretKeys.includes(key) ? [[key, String(value)]] : [])),
  );

/** The changes of a case, by somebody who has the passphrase. */
export function changesOfCase(name: string, looks?: readonly HostLook[]): Changes {
  const [one, plan, preview] = [caseOf(name), planOf(name), recorded(name)];
  const [before, after] = [beforeOf(one), afterOf(one)].map((values) => usersOf(secretsOf(values)));
  const compared: Compared = {
    state: `/srv/state/${one.stack}.json`,
    resources: preview.steps.filter(({ op }) => op !== "create").length,
    secretPlaceholders: [],
    keyPlaceholders: [],
    standIns: [],
  };
  return changesOf(preview, {
    ...{ stack: one.stack, verdict: verdictOf(plan), compared, looks, base: baseOf(name), facts: stageFactsOf(plan) },
    hosts: plan.platform === "proxmox" ? plan.hosts : [],
    users: before === undefined || after === undefined ? undefined : { before, after },
  });
}
