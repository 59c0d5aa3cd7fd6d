/** Words for a value that was found: its type, and the value itself when it is short and no secret. */
import { isPrivateKey } from "./forms";

const LONGEST = 60;

function clip(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 3)}...` : text;
}

/** "text "abc"", "number 5", "a list of 2", "a group (a, b)", "nothing". Never throws, whatever it is given. */
export function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  switch (typeof value) {
    case "string":
      if (isPrivateKey(value)) return "a private key (not shown)";
      if (/:\/\/[^/]*@/.test(value)) return "an address with a user or a password in it (not shown)";
      return `text ${clip(JSON.stringify(value))}`;
    case "number":
      return `number ${value}`;
    case "boolean":
      return `boolean ${value}`;
    case "object":
      return Object.keys(value).length === 0 ? "an empty group" : `a group (${clip(Object.keys(value).join(", "))})`;
    default:
      return `a ${typeof value}`;
  }
}

/** The type alone, with the length of a text: for what may be secret. */
export function describeHidden(value: unknown): string {
  if (typeof value === "string")
    return value === "" ? "an empty text" : `text of ${value.length} characters (not shown)`;
  return value === undefined
    ? "nothing"
    : `${typeof value === "object" ? "a list or group" : `a ${typeof value}`} (not shown)`;
}

/** `["models", 0, "name"]` as `models[0].name`; the root as `(stack)`. */
export function formatPath(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "(stack)";
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? String(part) : `${text}.${String(part)}`;
  }, "");
}
