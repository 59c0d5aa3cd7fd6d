/** What differs between two texts, line by line. */

/** A line that only one of them has. */
export interface LineChange {
  readonly sign: "-" | "+";
  readonly line: string;
}

/** Beyond so many lines of both, multiplied, only the lines of one that the other has nowhere are looked for. */
const mostCells = 4_000_000;

/** Lengths of the longest common subsequence from each pair of lines on. */
function commonLengths(before: readonly string[], after: readonly string[]): readonly Uint32Array[] {
  const rows = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i--) {
    const [row, below] = [rows[i], rows[i + 1]];
    if (row === undefined || below === undefined) continue;
    for (let j = after.length - 1; j >= 0; j--) {
      row[j] = before[i] === after[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return rows;
}

/** Lines that were taken away and lines that came, in their order; a changed line is both. */
export function lineChanges(before: string, after: string): readonly LineChange[] {
  const [old, next] = [before.split("\n"), after.split("\n")];
  if (old.length * next.length > mostCells) {
    const [gone, come] = [new Set(next), new Set(old)];
    return [
      ...old.filter((line) => !gone.has(line)).map((line): LineChange => ({ sign: "-", line })),
      ...next.filter((line) => !come.has(line)).map((line): LineChange => ({ sign: "+", line })),
    ];
  }
  const lengths = commonLengths(old, next);
  const changes: LineChange[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < next.length) {
    if (i < old.length && j < next.length && old[i] === next[j]) {
      i++;
      j++;
    } else if (j >= next.length || (i < old.length && (lengths[i + 1]?.[j] ?? 0) >= (lengths[i]?.[j + 1] ?? 0))) {
      changes.push({ sign: "-", line: old[i++] ?? "" });
    } else changes.push({ sign: "+", line: next[j++] ?? "" });
  }
  return changes;
}

/** Settings at the start of a script, each a line like `name='value'`, by name. */
export function settingsOf(script: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const line of script.split("\n")) {
    const match = /^([a-z_]+)='?(.*?)'?$/.exec(line);
    if (match?.[1] !== undefined) found[match[1]] = match[2] ?? "";
    else if (line !== "set -eu") break;
  }
  return found;
}
