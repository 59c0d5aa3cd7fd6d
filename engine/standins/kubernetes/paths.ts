/** Property paths as Pulumi writes them. @see https://www.pulumi.com/docs/iac/concepts/options/ignorechanges/ */
export type Step = string | number;

/** `.name`, `["a.b"]` for names with dots, quotes or brackets, `[0]`. */
export function pathText(path: readonly Step[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    if (/[."[\]]/.test(step)) return `${text}["${step.replaceAll('"', '\\"')}"]`;
    return text === "" ? step : `${text}.${step}`;
  }, "");
}

/** The steps of a path; "*" stays as it is. */
export function parsePath(text: string): readonly Step[] {
  const steps: Step[] = [];
  for (const [, quoted, index, name] of text.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.[\]"]+)/g)) {
    if (quoted !== undefined) steps.push(quoted.replaceAll('\\"', '"'));
    else if (index !== undefined) steps.push(index === "*" ? index : Number(index));
    else if (name !== undefined) steps.push(name);
  }
  return steps;
}

/** True when `path` is `outer` or something inside it. */
export const isInside = (outer: readonly Step[], path: readonly Step[]): boolean =>
  outer.length <= path.length && outer.every((step, index) => step === "*" || step === path[index]);
