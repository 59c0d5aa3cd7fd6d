/** States that released versions have left: `states/<version>/<stack>.json.gz`. Nothing was brought up for them, and their secrets are made. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { upped, type Stack } from "../cli/preview/upped";
import { homelab, rented } from "../program/homelab";

const directory = join(__dirname, "states");

/** The committed stacks with clusters, ready for a bring-up. */
export const stacks: Readonly<Record<string, () => Stack>> = { homelab, a100: () => rented("a100") };

/** A state that a version has left. */
export interface LeftState {
  readonly version: string;
  readonly stack: string;
}

/** Every recorded state. */
export const recorded = (): readonly LeftState[] =>
  readdirSync(directory)
    .sort()
    .flatMap((version) =>
      readdirSync(join(directory, version))
        .sort()
        .map((file) => ({ version, stack: file.replace(/\.json\.gz$/, "") })),
    );

const fileOf = ({ version, stack }: LeftState): string => join(directory, version, `${stack}.json.gz`);

/** The text of a state file. */
export const readState = (left: LeftState): string => gunzipSync(readFileSync(fileOf(left))).toString("utf8");

/** The bundles of the services, three times each, would be nearly all of a file; another version has other ones in any case. */
const withoutBundles = (_: string, value: unknown): unknown =>
  typeof value === "string" && value.length > 65_536 ? "// a bundle" : value;

/** Records what this version would leave. */
export async function recordStates(version: string): Promise<void> {
  mkdirSync(join(directory, version), { recursive: true });
  for (const [stack, values] of Object.entries(stacks)) {
    // The same on every machine.
    const left: unknown = JSON.parse((await upped(stack, values())).replaceAll(process.cwd(), "/srv/tokenrack"));
    const text = JSON.stringify(left, withoutBundles);
    writeFileSync(fileOf({ version, stack }), gzipSync(text, { level: 9 }));
  }
}
