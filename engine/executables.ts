import { accessSync, constants, statSync } from "node:fs";
import * as path from "node:path";

/** The first executable file called `name` in the folders of `pathList` (a PATH value), or undefined. */
export function findOnPath(name: string, pathList: string | undefined): string | undefined {
  return (pathList ?? "")
    .split(path.delimiter)
    .filter((dir) => path.isAbsolute(dir))
    .map((dir) => path.join(dir, name))
    .find(isExecutableFile);
}

export function isExecutableFile(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** Reads `v3.250.0` or `3.250.0-dev.1+abc` (what follows the three numbers is ignored); undefined for anything else. */
export function parseVersion(text: string): Version | undefined {
  const match = /^v?(\d+)\.(\d+)\.(\d+)(?:[-+].*)?$/.exec(text.trim());
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) };
}

/** True when `version` is `floor` or newer within the same major version. */
export function satisfies(version: Version, floor: Version): boolean {
  if (version.major !== floor.major) return false;
  if (version.minor !== floor.minor) return version.minor > floor.minor;
  return version.patch >= floor.patch;
}
