import { existsSync } from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";

/**
 * The PULUMI_HOME of every `pulumi` that we start.
 * 1. The user's PULUMI_HOME, if set. 2. `~/.pulumi`, if the user has plugins there: official plugins must be found, and
 * that folder exists anyway. 3. Otherwise `<cacheDir>/pulumi-home`, so that nothing is left in the user's home (even
 * `pulumi version` writes a log folder).
 */
export function pulumiHome(cacheDir: string, env: NodeJS.ProcessEnv = process.env): string {
  if (env["PULUMI_HOME"]) return env["PULUMI_HOME"];
  const usual = path.join(env["HOME"] ?? homedir(), ".pulumi");
  return existsSync(path.join(usual, "plugins")) ? usual : path.join(cacheDir, "pulumi-home");
}

/** `env` with what every `pulumi` needs: its home, and no look for newer versions. */
export function pulumiEnv(cacheDir: string, env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return { ...env, PULUMI_HOME: pulumiHome(cacheDir, env), PULUMI_SKIP_UPDATE_CHECK: "true" };
}
