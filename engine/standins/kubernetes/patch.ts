/** JSON merge patches, and the property paths they touch. */
import { isDeepStrictEqual } from "node:util";
import type { DiffKind } from "../detailedDiff";
import type { Properties, PropertyValue } from "../values";
import { isMap } from "./object";
import { pathText, type Step } from "./paths";

/** Turns `before` into `after`; null deletes. @see RFC 7386 */
export function mergePatch(before: Properties, after: Properties): Properties {
  const patch: Properties = {};
  for (const key of Object.keys(before)) if (!(key in after)) patch[key] = null;
  for (const [key, value] of Object.entries(after)) {
    const old = before[key];
    if (old === undefined) patch[key] = value;
    else if (isMap(old) && isMap(value)) {
      const inner = mergePatch(old, value);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (!isDeepStrictEqual(old, value)) patch[key] = value;
  }
  return patch;
}

/** Turns `current` into what `modified` asks for and drops what only `original` asked for; the rest stays. */
export function threeWayPatch(original: Properties, modified: Properties, current: Properties): Properties {
  const patch: Properties = {};
  for (const key of Object.keys(original)) if (!(key in modified) && key in current) patch[key] = null;
  for (const [key, value] of Object.entries(modified)) {
    const here = current[key];
    if (isMap(here) && isMap(value)) {
      const before = original[key];
      const inner = threeWayPatch(isMap(before) ? before : {}, value, here);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (!isDeepStrictEqual(here, value)) patch[key] = value;
  }
  return patch;
}

/** What a change is seen against. */
interface Sides {
  readonly old: PropertyValue | undefined;
  readonly newInput: PropertyValue | undefined;
  readonly oldInput: PropertyValue | undefined;
}

export interface PatchDiff {
  readonly changes: Map<string, DiffKind>;
  readonly replaces: Set<string>;
}

/**
 * The changes that a patch means, by property path, and those of them under a path in `forceNew` (".spec.selector",
 * "[*]" for any element), which cannot be made in place.
 * @see pulumi-kubernetes v4.32.0, provider/pkg/provider/provider.go, patchConverter
 */
export function diffOfPatch(
  patch: Properties,
  old: Properties,
  newInput: Properties,
  oldInput: Properties,
  forceNew: readonly string[],
): PatchDiff {
  const found: PatchDiff = { changes: new Map(), replaces: new Set() };
  new Converter(forceNew.map(parsePattern), found).addMap([], patch, { old, newInput, oldInput }, false);
  return found;
}

const parsePattern = (pattern: string): readonly string[] => pattern.replaceAll("[*]", ".[*]").split(".").slice(1);

class Converter {
  constructor(
    private readonly forceNew: readonly (readonly string[])[],
    private readonly found: PatchDiff,
  ) {}

  addMap(path: readonly Step[], patch: Properties, sides: Sides, inList: boolean): void {
    const side = (value: PropertyValue | undefined, key: string): PropertyValue | undefined =>
      isMap(value) ? value[key] : undefined;
    const inner = (key: string): Sides => ({
      old: side(sides.old, key),
      newInput: side(sides.newInput, key),
      oldInput: side(sides.oldInput, key),
    });
    for (const [key, value] of Object.entries(patch)) this.addValue([...path, key], value, inner(key), inList);
    // A patch replaces lists as a whole, so what is gone inside one is not in it as a null.
    if (!inList || !isMap(sides.old)) return;
    for (const key of Object.keys(sides.old)) {
      if (!(key in patch)) this.addValue([...path, key], null, inner(key), inList);
    }
  }

  private addList(path: readonly Step[], patch: readonly PropertyValue[], sides: Sides): void {
    const item = (value: PropertyValue | undefined, index: number): PropertyValue | undefined =>
      Array.isArray(value) ? value[index] : undefined;
    const length = Math.max(patch.length, Array.isArray(sides.old) ? sides.old.length : 0);
    for (let index = 0; index < length; index++) {
      const inner = {
        old: item(sides.old, index),
        newInput: item(sides.newInput, index) ?? null,
        oldInput: item(sides.oldInput, index) ?? null,
      };
      this.addValue([...path, index], patch[index] ?? null, inner, true);
    }
  }

  private addValue(path: readonly Step[], value: PropertyValue, sides: Sides, inList: boolean): void {
    const { old, newInput, oldInput } = sides;
    // Without a new input only a deletion of an old one counts; all else is the server's own.
    if (newInput === undefined && (value !== null || oldInput === undefined)) return;
    if (value === null) return this.add(path, value, "delete");
    if (old === undefined) return this.add(path, value, "add");
    if (isMap(value) && isMap(old)) return this.addMap(path, value, sides, inList);
    if (Array.isArray(value) && Array.isArray(old)) return this.addList(path, value, sides);
    if (!isDeepStrictEqual(value, old)) this.add(path, value, "update");
  }

  private add(path: readonly Step[], value: PropertyValue, kind: DiffKind): void {
    const text = pathText(path);
    this.found.changes.set(text, kind);
    if (this.forceNew.some((pattern) => matches(pattern, path, value))) this.found.replaces.add(text);
  }
}

/** True when the pattern names the path, something above it, or something inside the value. */
function matches(pattern: readonly string[], path: readonly Step[], value: PropertyValue): boolean {
  const shared = Math.min(pattern.length, path.length);
  const fits = (name: string | undefined, step: Step | undefined): boolean =>
    typeof step === "number" ? name === "[*]" : name === step;
  for (let index = 0; index < shared; index++) if (!fits(pattern[index], path[index])) return false;
  return holds(value, pattern.slice(path.length));
}

function holds(value: PropertyValue | undefined, pattern: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return true;
  if (first === "[*]") return Array.isArray(value) && value.some((item) => holds(item, rest));
  return isMap(value) && first in value && holds(value[first], rest);
}
