/** The config.json files that a stack names for models which the catalogue does not know. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { ProfileError, type Fault } from "./errors";
import type { ClusterProfile } from "./schema";

const fix = "download the model's config.json, and write the path from the project to it";

/** Why a file cannot be used, without its contents. */
function fault(path: string, file: string, error: unknown): Fault {
  const needed = "a JSON file as the hub has it";
  if (error instanceof SyntaxError) return { path, found: `${file}, which is not JSON`, needed, fix };
  const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
  return { path, found: `${file}, which cannot be read (${code})`, needed, fix };
}

/**
 * Parsed config.json of the models that name one, by served model name.
 * @param base directory that relative paths start from
 * @throws ProfileError naming each file that cannot be read
 */
export function readModelConfigs(profile: ClusterProfile, base: string): Readonly<Record<string, unknown>> {
  const faults: Fault[] = [];
  const configs = profile.models.flatMap(({ name, config }, index): (readonly [string, unknown])[] => {
    if (config === undefined) return [];
    const file = resolve(base, config);
    try {
      const parsed: unknown = JSON.parse(readFileSync(file, "utf8"));
      return [[name, parsed]];
    } catch (error) {
      faults.push(fault(`models[${index}].config`, file, error));
      return [];
    }
  });
  if (faults.length > 0) throw new ProfileError(faults);
  return Object.fromEntries(configs);
}
