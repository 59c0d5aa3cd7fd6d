import { readFileSync } from "node:fs";
import type * as z from "zod";
import { downloadConfigSchema, type DownloadConfig } from "./config";
import { describeFound, errorCode, UserFault, type Fault } from "./faults";

/** How to put right what a text of the schema cannot say from the range alone. */
const FIXES: Readonly<Record<string, string>> = {
  allow: "remove the pattern and take a revision with safetensors, or set allowPickle: true if you trust its author",
  volume: "mount the PersistentVolumeClaim there, and name its mountPath",
};

function showPath(path: readonly PropertyKey[]): string {
  const shown = path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return shown.replace(/^\./, "") || "(top level)";
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? (Reflect.get(value, key) as unknown) : undefined),
    raw,
  );
}

function toFaults(issue: z.core.$ZodIssue, raw: unknown): Fault[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({
      path: showPath([...issue.path, key]),
      found: "a key that is not known",
      needed: "only keys of the downloader's configuration",
      fix: "correct its spelling or remove it",
    }));
  const path = showPath(issue.path);
  // The schema's own text is always "what is needed"; zod's words only show for a wrong container type.
  const needed =
    issue.code === "invalid_type" && issue.message.startsWith("Invalid") ? `an ${issue.expected}` : issue.message;
  const found = describeFound(valueAt(raw, issue.path));
  return [{ path, found, needed, fix: FIXES[String(issue.path[0])] ?? `set ${path} to ${needed}` }];
}

/** Checks a raw configuration. @throws UserFault with every fault at once */
export function parseDownloadConfig(raw: unknown): DownloadConfig {
  const result = downloadConfigSchema.safeParse(raw);
  if (result.success) return result.data;
  const [first, ...more] = result.error.issues.flatMap((issue) => toFaults(issue, raw));
  throw first === undefined ? result.error : new UserFault(first, ...more);
}

/** Reads and checks a configuration file. @throws UserFault */
export function loadDownloadConfig(file: string): DownloadConfig {
  const refuse = (found: string): UserFault =>
    new UserFault({
      path: file,
      found,
      needed: "a JSON file",
      fix: "mount the ConfigMap that holds it, or correct it",
    });
  let source: string;
  try {
    source = readFileSync(file, "utf8");
  } catch (error) {
    throw refuse(`a file that cannot be read (${errorCode(error)})`);
  }
  let raw: unknown;
  try {
    raw = JSON.parse(source);
  } catch {
    // The parser's message quotes the file.
    throw refuse("text that is not JSON");
  }
  return parseDownloadConfig(raw);
}
