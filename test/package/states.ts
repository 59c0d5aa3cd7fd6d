/** States that released versions have left: `states/<version>/<stack>.json.gz`. Nothing was brought up for them, and their secrets are made. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { secretKeys } from "../../config/schema";
import { upped, type Stack } from "../cli/preview/upped";
import { homelab, rented } from "../program/homelab";

const directory = join(__dirname, "states");

/** The committed stacks with clusters, ready for a bring-up. */
const stacks: Readonly<Record<string, () => Stack>> = { homelab, a100: () => rented("a100") };

/** A state that a version has left. */
export interface LeftState {
  readonly version: string;
  readonly stack: string;
}

/** Names of the stacks that are recorded. */
export const stackNames: readonly string[] = Object.keys(stacks);

/** What is kept of a stack. */
interface Kept {
  /** The secrets that the state was made with: made ones, other in every process. */
  readonly secrets: Stack;
  /** A state file of Pulumi's (version 3 of the checkpoint). */
  readonly state: object;
}

const fileOf = ({ version, stack }: LeftState): string => join(directory, version, `${stack}.json.gz`);

/** Every recorded state. */
export const recorded = (): readonly LeftState[] =>
  readdirSync(directory)
    .sort()
    .flatMap((version) =>
      readdirSync(join(directory, version))
        .sort()
        .map((file) => ({ version, stack: file.replace(/\.json\.gz$/, "") })),
    );

/** A state, and the stack as it is committed now with the secrets that the state was made with. */
export function readState(left: LeftState): { readonly state: string; readonly values: Stack } {
  const { secrets, state } = JSON.parse(gunzipSync(readFileSync(fileOf(left))).toString("utf8")) as Kept;
  return { state: JSON.stringify(state), values: { ...stacks[left.stack]?.(), ...secrets } };
}

/** The bundles of the services, three times each, would be nearly all of a file; another version has other ones in any case. */
const withoutBundles = (_: string, value: unknown): unknown =>
  typeof value === "string" && value.length > 65_536 ? "// a bundle" : value;

/** Records what this version would leave. */
export async function recordStates(version: string): Promise<void> {
  mkdirSync(join(directory, version), { recursive: true });
  for (const [stack, valuesOf] of Object.entries(stacks)) {
    const values = valuesOf();
    // The same on every machine.
    const text = (await upped(stack, values)).replaceAll(process.cwd(), "/srv/tokenrack");
    const secrets = Object.fromEntries(Object.entries(values).filter(([key]) => secretKeys.includes(key)));
    const kept: Kept = { secrets, state: JSON.parse(text) as object };
    writeFileSync(fileOf({ version, stack }), gzipSync(JSON.stringify(kept, withoutBundles), { level: 9 }));
  }
}
