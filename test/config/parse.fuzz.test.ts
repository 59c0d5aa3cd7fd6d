import assert from "node:assert/strict";
import fc from "fast-check";
import { ProfileError } from "../../config/errors";
import type { PlatformKind } from "../../config/schema";
import { bringUpPlan, goodLocal, goodProxmox, rented, secretTexts } from "./badStacks";
import { canary, mutationOf } from "./mutations";

/** Stacks that are changed, and how often: 10,000 in all. */
const runs: readonly (readonly [PlatformKind, object, number])[] = [
  ["local", goodLocal, 2000],
  ["proxmox", goodProxmox, 4000],
  ["existing", rented, 4000],
];

/** Most milliseconds of a processor that a configuration may take, read and planned. */
const mostMs = 50;

/** Milliseconds of a test: thousands of stacks are read and planned, which a loaded machine stretches. */
const manyCases = 600_000;

/** What a user is told of a stack; nothing where it is good. Anything but faults is the failure. */
function said(raw: unknown): string {
  try {
    bringUpPlan(raw);
    return "";
  } catch (error) {
    assert.ok(error instanceof ProfileError, error instanceof Error ? (error.stack ?? error.message) : String(error));
    assert.ok(error.faults.length > 0);
    return error.message;
  }
}

/** Milliseconds of all processors that `run` took: others' work on this machine does not count. */
function cpuMs(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** What came of some stacks. */
interface Tally {
  /** Milliseconds of each. */
  readonly times: number[];
  /** How many could be brought up. */
  good: number;
}

function fuzz(seed: number, [kind, good, numRuns]: (typeof runs)[number], tally: Tally): void {
  const secrets = secretTexts(good);
  fc.assert(
    fc.property(fc.array(mutationOf(kind), { minLength: 1, maxLength: 3 }), (mutations) => {
      const raw = mutations.reduce<unknown>((stack, mutate) => mutate(stack), good);
      let text = "";
      tally.times.push(cpuMs(() => (text = said(raw))));
      if (text === "") tally.good += 1;
      assert.ok(!text.includes(canary), text);
      assert.deepEqual(
        secrets.filter((secret) => text.includes(secret)),
        [],
      );
      assert.doesNotMatch(text, /\n\s+at \S+ \(|\[object |TypeError/);
    }),
    { numRuns, seed },
  );
}

/** Every kind of stack; prints what it took. @returns milliseconds that 999 of 1000 stay below */
function fuzzAll(seed: number, share: number): number {
  const tally: Tally = { times: [], good: 0 };
  for (const [kind, good, count] of runs) fuzz(seed, [kind, good, count * share], tally);
  const times = tally.times.sort((a, b) => a - b);
  const at = (part: number): number => times[Math.ceil(times.length * part) - 1] ?? 0;
  const [median, high, most] = [0.5, 0.999, 1].map((part) => `${at(part).toFixed(1)} ms`);
  const cpu = `CPU ${median} at the median, ${high} at 99.9 %, ${most} at most`;
  console.log(`      seed ${seed}: ${times.length} stacks, ${tally.good} of them good; ${cpu}`);
  return at(0.999);
}

describe("mutated stacks", () => {
  it("are planned or refused in words, soon, and without a secret", () => {
    const ms = fuzzAll(20_261_122, 1);
    assert.ok(ms <= mostMs, `${ms} ms at 99.9 %`);
  }).timeout(manyCases);

  it("of another seed in every run are, too", () => {
    fuzzAll(Math.floor(Math.random() * 2 ** 31), 0.05);
  }).timeout(manyCases);
});
