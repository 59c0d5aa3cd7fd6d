/** Previews as they were recorded, and what belongs to them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { changesOf, type Changes, type Compared } from "../../../cli/preview/changes";
import type { HostLook } from "../../../cli/preview/look";
import type { Verdict } from "../../../cli/preview/verdict";
import { parseProfile } from "../../../config/parse";
import { secretKeys } from "../../../config/schema";
import type { PreviewStep, StackPreview } from "../../../engine/preview";
import { makePlan, type Plan } from "../../../plan/plan";
import { homelab } from "../../program/homelab";
import { cases, fileOf } from "./cases";

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

export function planOf(name: string): Plan {
  const stack = cases[name]?.(homelab()) ?? {};
  const open = Object.fromEntries(Object.entries(stack).filter(([key]) => !secretKeys.includes(key)));
  return makePlan(parseProfile(open, { stack: "homelab" }), { modelConfigs: {} });
}

const compared: Compared = {
  state: "/srv/state/homelab.json",
  resources: 119,
  secretPlaceholders: [],
  keyPlaceholders: [],
  standIns: [],
};

/** Not the plan's own: its figures get better, and these texts stay. */
const verdict: Verdict = {
  models: [{ name: "gemma-3-27b", text: "TP 1 x PP 1, 3 replicas of 1 GPU, 8,192 tokens of context" }],
  gpus: { used: 3, all: 4 },
  warnings: ["models[0].revision is main, which moves: name a commit to get the same model every time"],
};

/** The changes of a case. */
export function changesOfCase(name: string, looks?: readonly HostLook[]): Changes {
  const plan = planOf(name);
  const hosts = plan.platform === "proxmox" ? plan.hosts : [];
  return changesOf(recorded(name), { stack: "homelab", verdict, compared, hosts, looks });
}
