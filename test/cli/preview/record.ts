/**
 * Records what the engine answers for each of `cases.ts`: `npx tsx test/cli/preview/record.ts`. Only what is not the same
 * is kept, and how many are.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PropertyChange, StackPreview } from "../../../engine/preview";
import { homelab } from "../../program/homelab";
import { cases, fileOf } from "./cases";
import { ask, upped } from "./upped";

/** Scripts are long, and their settings come first. */
const start = (value: unknown): unknown =>
  typeof value === "string" ? value.split("\n").slice(0, 12).join("\n") : value;
const cut = (change: PropertyChange): PropertyChange =>
  change.path === "stdin" ? { ...change, before: start(change.before), after: start(change.after) } : change;

/** Without what is the same in every preview of this stack. */
const short = ({ steps, warnings }: StackPreview): object => ({
  steps: steps
    .filter(({ op }) => op !== "same")
    .map(({ changed, ...step }) => ({ ...step, changed: changed.map(cut) })),
  same: steps.filter(({ op }) => op === "same").length,
  warnings,
});

async function main(): Promise<void> {
  const directory = join(__dirname, "recorded");
  mkdirSync(directory, { recursive: true });
  const state = await upped(homelab());
  for (const [name, edit] of Object.entries(cases)) {
    const answer = short(await ask(edit(homelab()), state));
    writeFileSync(join(directory, fileOf(name)), `${JSON.stringify(answer, undefined, 2)}\n`);
    process.stdout.write(`${name}\n`);
  }
}

void main().then(() => process.exit(0));
