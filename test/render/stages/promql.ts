/** Reads metric and label names out of PromQL, as far as our own expressions go. */

/** A metric that is asked for, and the labels that choose its series. */
export interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
}

const words = new Set(["unless", "and", "or", "bool", "offset"]);

/** Every series selector of an expression. */
export function selectorsOf(expr: string): readonly Selector[] {
  // What stands between quotes or behind `by`, `on` and the like is no metric.
  const plain = expr
    .replace(/"(?:[^"\\]|\\.)*"/g, '""')
    .replace(/\b(?:by|without|on|ignoring|group_left)\s*\([^)]*\)/g, " ");
  const names = /(?<![\w$:])([a-zA-Z_:][\w:]*)(\{[^}]*\})?(?!\s*\(|\w)/g;
  return [...plain.matchAll(names)]
    .filter(([, name = ""]) => !words.has(name))
    .map(([, metric = "", inner = ""]) => ({
      metric,
      labels: [...inner.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = ""]) => label),
    }));
}

/** Every label that an expression groups or joins by. */
export const groupedBy = (expr: string): readonly string[] =>
  [...expr.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)].flatMap(([, list = ""]) =>
    list.split(",").map((label) => label.trim()),
  );
