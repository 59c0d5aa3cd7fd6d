import type { PropertyValue } from "../../values";
import { listAt, textAt, type KubeObject } from "../object";
import type { Operations } from "../operations";

/** What a look at the cluster found. */
export interface Look {
  /** The object as it was seen. */
  readonly object: KubeObject;
  readonly ready: boolean;
  /** It will not get ready any more. @default false */
  readonly failed?: boolean;
  /** What it waits for, for the person who waits. */
  readonly progress: readonly string[];
  /** Why it is not ready, for the error when the time is up. */
  readonly errors: readonly string[];
  /** It gets no better than this: good enough when the time is up. @default false */
  readonly goodEnough?: boolean;
}

/** Where a waiter can look around. */
export interface Surroundings {
  readonly operations: Operations;
  /** The object as the create or update returned it. */
  readonly written: KubeObject;
  /** The object before an update; undefined for a create. */
  readonly before: KubeObject | undefined;
  /** Milliseconds since any moment; only differences count. */
  readonly now: () => number;
}

/** Starts to wait for an object: each call of what it returns is one look. `live` is the object as it is now. */
export type Waiter = (around: Surroundings) => (live: KubeObject) => Promise<Look> | Look;

/** The condition of a type in `.status.conditions`. */
export const conditionOf = (object: KubeObject, type: string): PropertyValue | undefined =>
  listAt(object, "status", "conditions").find((condition) => textAt(condition, "type") === type);

export const isTrue = (condition: PropertyValue | undefined): boolean => textAt(condition, "status") === "True";

export const isOwnedBy = (object: KubeObject, owner: KubeObject): boolean => {
  const uid = textAt(owner, "metadata", "uid");
  return listAt(object, "metadata", "ownerReferences").some((reference) => textAt(reference, "uid") === uid);
};

/** "namespace/name", or "name" in the namespace "default". */
export const shortName = (object: KubeObject): string => {
  const namespace = textAt(object, "metadata", "namespace");
  const name = textAt(object, "metadata", "name");
  return namespace === "" || namespace === "default" ? name : `${namespace}/${name}`;
};
