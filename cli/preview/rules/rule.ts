/** What a rule over the stages after the cluster is made of. */
import type { Operation, ResourceChange } from "../changes";
import type { Danger, DangerKind } from "../danger";
import type { StageFacts } from "../facts";
import type { GatewayUser } from "../users";
import { propertyWords } from "../words";

/** What is known besides the engine's answer. */
export interface Known {
  /** True where nothing was there before: nobody is in danger. */
  readonly first: boolean;
  /** True where recorded secrets could not be opened: then no change of one shows. */
  readonly hidden: boolean;
  /** Secrets whose encrypted text in the stack file is another one than at the base; absent without a base. */
  readonly changedSecrets?: readonly string[] | undefined;
  /** Absent on this machine. */
  readonly facts?: StageFacts | undefined;
  /** Users of the gateway; absent where they could not be read. */
  readonly users?: { readonly before: readonly GatewayUser[]; readonly after: readonly GatewayUser[] } | undefined;
}

/** What a rule tells. */
export interface Told {
  readonly dangers?: readonly Danger[];
  /** What to know that does not hurt. */
  readonly notes?: readonly string[];
}

export type Rule = (changes: readonly ResourceChange[], known: Known) => Told;

export const danger = (kind: DangerKind, text: string, why: readonly string[] = []): Danger => ({ kind, text, why });

export const nothing: Told = {};

export const together = (parts: readonly Told[]): Told => ({
  dangers: parts.flatMap(({ dangers }) => dangers ?? []),
  notes: parts.flatMap(({ notes }) => notes ?? []),
});

/** Changes of a kind of thing. */
export const ofKind = (
  changes: readonly ResourceChange[],
  kinds: readonly string[],
  ops: readonly Operation[],
): readonly ResourceChange[] =>
  changes.filter(({ thing, op }) => kinds.includes(thing?.kind ?? "") && ops.includes(op));

/** The change of one resource by its logical name: that is part of what the components promise. */
export const named = (changes: readonly ResourceChange[], name: string): ResourceChange | undefined =>
  changes.find((change) => change.name === name);

/** Texts of a property before and after; undefined where it does not change, or is not known. */
export function textsAt(
  change: ResourceChange | undefined,
  path: string,
): readonly [before: string, after: string] | undefined {
  const found = change?.changed.find((one) => one.path === path);
  const { before, after } = found ?? {};
  return typeof before === "string" && typeof after === "string" ? [before, after] : undefined;
}

/** An annotation that only makes one resource wait for another says nothing. */
export const waitAnnotation = "metadata.annotations.tokenrack-after";

/** Why, at most so many. */
export const mostReasons = 6;

/** What changes in words, the reasons of a replacement first. */
export function reasonsOf({ changed }: ResourceChange): readonly string[] {
  const told = changed.filter(({ path }) => path !== waitAnnotation);
  const forced = told.filter(({ replaces }) => replaces);
  const words = (forced.length > 0 ? forced : told).map(propertyWords);
  const more = words.length - mostReasons;
  return more > 0 ? [...words.slice(0, mostReasons), `${more} more`] : words;
}
