import type { PropertyValue } from "../../values";
import { isMap, listAt } from "../object";

/** `{.status.phase}=Running`: what `pulumi.com/waitFor` calls a jsonpath. */
export interface JsonPathTest {
  /** With its braces, as it was written. */
  readonly path: string;
  /** Undefined: anything will do. */
  readonly value: string | undefined;
  readonly select: (object: PropertyValue) => readonly PropertyValue[];
}

type Selector = (value: PropertyValue) => readonly PropertyValue[];

/** `.name`, `['name']`, `[0]`, `[*]` and `[?(@.name=='text')]`; nothing else is implemented. */
const STEP =
  /\.([A-Za-z_][\w-]*)|\[\s*(?:'([^']*)'|"([^"]*)")\s*\]|\[(-?\d+)\]|(?:\.|\[)(\*)\]?|\[\?\(?\s*@\.([\w.-]+)\s*==\s*(?:'([^']*)'|"([^"]*)")\s*\)?\]/y;

/** @throws Error in the official plugin's words, or naming what this stand-in does not implement */
export function parseJsonPath(text: string): JsonPathTest {
  const [, path = "", rest = ""] = /^([^=]*(?:==[^=]*)*)(=.*)?$/s.exec(text) ?? [];
  if (/^=.*[^=]=[^=]/s.test(rest)) throw new Error(`format should be {.path}=value or {.path}, got "${text}"`);
  if (rest === "=") throw new Error(`${path}= requires a value`);
  if (path.startsWith("'") && path.endsWith("'")) throw new Error(`${path} should omit shell quotes`);
  const inner = /\{\s*(.*?)\s*\}/s.exec(path)?.[1];
  if (inner === undefined) throw new Error(`${path} should be wrapped in brackets { ... }`);
  const selectors = parseSteps(inner.replace(/^\$/, ""), path);
  const select: Selector = (value) =>
    selectors.reduce<readonly PropertyValue[]>((found, step) => found.flatMap(step), [value]);
  return { path, value: rest === "" ? undefined : rest.slice(1), select };
}

function parseSteps(text: string, path: string): readonly Selector[] {
  const selectors: Selector[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < text.length) {
    const match = STEP.exec(text);
    if (match === null)
      throw new Error(`parsing "${path}": this stand-in implements names, indexes, [*] and [?(@.a=='b')]`);
    const [, plain, single, double, index, every, filter, is, isDouble] = match;
    const name = plain ?? single ?? double;
    if (name !== undefined) selectors.push((value) => present(isMap(value) ? value[name] : undefined));
    else if (index !== undefined) selectors.push((value) => present(listAt(value).at(Number(index))));
    else if (every !== undefined) selectors.push((value) => (isMap(value) ? Object.values(value) : listAt(value)));
    else selectors.push(filterBy(filter ?? "", is ?? isDouble ?? ""));
  }
  return selectors;
}

const present = (value: PropertyValue | undefined): readonly PropertyValue[] => (value === undefined ? [] : [value]);

function filterBy(names: string, wanted: string): Selector {
  const read = (value: PropertyValue): PropertyValue | undefined =>
    names.split(".").reduce<PropertyValue | undefined>((here, name) => (isMap(here) ? here[name] : undefined), value);
  return (value) => listAt(value).filter((item) => read(item) === wanted);
}
