/**
 * Records what the engine answers for each of `cases.ts`: `npx tsx test/cli/preview/record.ts [case ...]`. Only what is not the same
 * is kept, and how many are.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PropertyChange, StackPreview } from "../../../engine/preview";
import { afterOf, beforeOf, cases, fileOf } from "./cases";
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

async function main(wanted: readonly string[]): Promise<void> {
  const directory = join(__dirname, "recorded");
  mkdirSync(directory, { recursive: true });
  const states = new Map<string, Promise<string>>();
  for (const [name, one] of Object.entries(cases)) {
    if (one.unfit === true || (wanted.length > 0 && !wanted.includes(name))) continue;
    const key = `${one.stack} ${one.from === undefined ? "" : name}`;
    const state = states.get(key) ?? upped(one.stack, beforeOf(one));
    states.set(key, state);
    const answer = short(await ask(one.stack, afterOf(one), await state));
    // The same on every machine.
    const text = JSON.stringify(answer, undefined, 2).replaceAll(process.cwd(), "/srv/tokenrack");
    writeFileSync(join(directory, fileOf(name)), `${text}\n`);
    process.stdout.write(`${name}\n`);
  }
}

void main(process.argv.slice(2)).then(() => process.exit(0));
