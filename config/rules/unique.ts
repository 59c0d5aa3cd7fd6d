/** Things of which each may be there once. */
import type { Fault } from "../errors";

/** A value and where it stands. */
export interface Placed {
  readonly path: string;
  readonly value: string | number;
}

/**
 * A fault for every value that stands a second time.
 * @param what before the value: "the name", "VM id"
 * @param fix what to do, given both paths
 */
export function repeated(
  values: readonly Placed[],
  what: string,
  needed: string,
  fix: (path: string, first: string) => string = (path, first) => `change ${path} or ${first}`,
): Fault[] {
  const seen = new Map<string | number, string>();
  return values.flatMap(({ path, value }) => {
    const first = seen.get(value);
    if (first === undefined) {
      seen.set(value, path);
      return [];
    }
    return [{ path, found: `${what} ${value}, which is also ${first}`, needed, fix: fix(path, first) }];
  });
}
