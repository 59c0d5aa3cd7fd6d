/** A fault on the running cluster, and what it is held against. */
import { setTimeout as sleep } from "node:timers/promises";
import type { EngineStack } from "../../../engine/engineStack";
import type { EngineEvent } from "../../../engine/events";
import type { Rack } from "../../node/rack";
import type { Homelab } from "../homelab";

export interface FaultContext {
  readonly lab: Homelab;
  readonly rack: Rack;
  /** The stack as it is now: a fault that changes its secrets puts another in. */
  stack: EngineStack;
  /** Name of the model that is served. */
  readonly model: string;
  /** Base URL that the stack's output says. */
  readonly endpoint: string;
  readonly say: (line: string) => void;
}

export interface Fault {
  /** What is done, for the one who reads along. */
  readonly name: string;
  /** Leaves the cluster as it was. @returns what was seen @throws Error when something is not as it should be */
  readonly run: (context: FaultContext) => Promise<string>;
}

/** @throws Error saying `what` */
export function expect(isSo: boolean, what: string): asserts isSo {
  if (!isSo) throw new Error(what);
}

/** Asks every half second until there is an answer. @returns it, and the seconds that it took @throws Error after `seconds` */
export async function eventually<T>(
  what: string,
  seconds: number,
  look: () => T | undefined | Promise<T | undefined>,
): Promise<readonly [value: T, seconds: number]> {
  const began = performance.now();
  const past = (): number => (performance.now() - began) / 1000;
  for (;;) {
    const value = await look();
    if (value !== undefined) return [value, past()];
    if (past() > seconds) throw new Error(`not within ${seconds} s: ${what}`);
    await sleep(500);
  }
}

/** Runs `up`. @returns what it did, as "update gateway-pods" */
export async function changesOf({ stack }: FaultContext): Promise<readonly string[]> {
  const changes: string[] = [];
  const onEvent = (event: EngineEvent): void => {
    if (event.kind === "resourcePre" && event.op !== "same") changes.push(`${event.op} ${event.name}`);
  };
  await stack.up({ onEvent });
  return changes;
}

/** The next run has nothing to do. */
export async function expectSettled(context: FaultContext): Promise<void> {
  const changes = await changesOf(context);
  expect(changes.length === 0, `a run after it changed something: ${changes.join(", ")}`);
}
