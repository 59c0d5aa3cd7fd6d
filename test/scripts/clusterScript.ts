/** The scripts that ask a cluster, run as the components run them, with a made kubectl. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { commandOf, secretLines, stdinOf, type Script, type Settings, type Stage } from "../../components/scripts";
import type { Place } from "../support/fixtures";

/** The kubeconfig of all these tests: may be in no output and no command line, and lie nowhere afterwards. */
export const canary = "CANARY-kubeconfig\nof two lines";

/** A kubectl that notes its arguments in `calls`. @param cases branches of the shell's `case` over its arguments */
export function makeKubectl(place: Place, cases: string): void {
  place.program(
    "bin/kubectl",
    `printf 'kubectl %s\\n' "$*" >>${place.path("calls")}
[ "$(cat "$2")" = "$(printf 'CANARY-kubeconfig\\nof two lines')" ] || exit 9
case "$*" in
${cases}
*) exit 8 ;;
esac`,
  );
}

/** A kubectl that answers out of a world, by real jsonpath. @see madeKubectl.mjs */
export function makeWorld(place: Place, world: object): void {
  place.write("world.json", JSON.stringify({ ...world, canary }));
  const program = JSON.stringify(join(__dirname, "madeKubectl.mjs"));
  place.program("bin/kubectl", `exec ${process.execPath} ${program} ${place.path("world.json")} "$@"`);
}

/** What a script ended with. */
export interface Ran {
  readonly code: unknown;
  readonly out: string;
  readonly err: string;
  /** What the made programs noted in `calls`. */
  readonly calls: string;
}

/** How it runs. */
export interface Running {
  /** Where it finds programs, besides `bin`. @default the system's */
  readonly path?: string;
  /** Lines that come first. */
  readonly input?: readonly string[];
  /** Lines before the kubeconfig; their values are told nowhere either. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/** Runs a stage of a script to its end, and sees that it keeps its secrets and leaves nothing. */
export async function runScript(
  place: Place,
  [script, stage]: readonly [Script, Stage],
  settings: Settings,
  { path = "/usr/bin:/bin", input = [], secrets = {} }: Running = {},
): Promise<Ran> {
  const child = spawn("/bin/sh", ["-c", commandOf(script, stage, settings)], {
    env: { PATH: `${place.path("bin")}:${path}`, TMPDIR: place.make("tmp") },
  });
  child.stdin.end(stdinOf(script, `${input.map((line) => `${line}\n`).join("")}${secretLines(secrets)}${canary}`));
  const text = { out: "", err: "" };
  child.stdout.on("data", (part: Buffer) => (text.out += part.toString()));
  child.stderr.on("data", (part: Buffer) => (text.err += part.toString()));
  const [code] = (await once(child, "close")) as [unknown];
  const calls = existsSync(place.path("calls")) ? place.read("calls") : "";
  const told = text.out + text.err + calls;
  for (const secret of ["CANARY", ...Object.values(secrets)]) assert.ok(!told.includes(secret), told);
  assert.deepEqual(readdirSync(place.path("tmp")), []);
  return { code, ...text, calls };
}
