/** Runs the project's own commands as a user would, and watches what they print. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const checkout = resolve(__dirname, "..", "..");

/** What a command did. */
export interface Ran {
  readonly code: number;
  /** stdout and stderr as a person saw them. */
  readonly output: string;
  readonly seconds: number;
  /** Longest time without any output, in seconds. */
  readonly longestSilence: number;
}

/** Runs `npm <args>` in a checkout. Its output also goes to this test's own, so that CI shows it live. */
export async function npm(args: readonly string[], cwd = checkout): Promise<Ran> {
  const begun = Date.now();
  let last = begun;
  let longestSilence = 0;
  let output = "";
  const child = spawn("npm", args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  const take = (chunk: Buffer): void => {
    longestSilence = Math.max(longestSilence, Date.now() - last);
    last = Date.now();
    output += chunk.toString();
    process.stdout.write(chunk);
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  const code = await new Promise<number>((done) => child.once("close", (exit) => done(exit ?? 1)));
  longestSilence = Math.max(longestSilence, Date.now() - last) / 1000;
  return { code, output, seconds: (Date.now() - begun) / 1000, longestSilence };
}

/** Value that `npm start` printed in a row of its summary, such as `endpoint`. */
export function printed(output: string, row: string): string {
  const plain = output.replace(/\x1b\[[0-9;]*m/g, "");
  return new RegExp(`^\\s+${row}\\s+(\\S.*)$`, "m").exec(plain)?.[1] ?? "";
}

/** The gateway's signing key: the test makes an expired token with it. */
export function signingKey(): string {
  const secrets: unknown = JSON.parse(readFileSync(join(checkout, ".tokenrack", "secrets.json"), "utf8"));
  return String(Reflect.get(secrets as object, "signingKey"));
}
