import { chmodSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { shellQuote } from "../system/shell";
import { findOnPath } from "./executables";

/**
 * The program that runs policy packs in Node for an engine without Pulumi's language host for it, as one that was built
 * from its Go module is. The engine looks for the host first, and then for this name; the packs' runner itself is the
 * SDK's own, as under the host. @see pulumi/sdk/v3@v3.250.0, go/common/resource/plugin/analyzer_plugin.go, NewPolicyAnalyzer
 */
const ANALYZER = "pulumi-analyzer-policy-nodejs";

/**
 * The environment in which the engine finds what runs policy packs: as it is where the language host is installed.
 * @param cacheDir where the launcher is put
 */
export function withPolicyAnalyzer(cacheDir: string, env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  if (findOnPath("pulumi-language-nodejs", env["PATH"]) !== undefined) return env;
  const runner = require.resolve("@pulumi/pulumi/cmd/run-policy-pack");
  const text = `#!/bin/sh\nexec ${shellQuote(process.execPath)} ${shellQuote(runner)} "$@"\n`;
  const dir = path.join(cacheDir, "policy-analyzer");
  const file = path.join(dir, ANALYZER);
  mkdirSync(dir, { recursive: true });
  // Whole or not at all: another run may be reading it.
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, text);
  chmodSync(unfinished, 0o755);
  renameSync(unfinished, file);
  return { ...env, PATH: [dir, env["PATH"] ?? ""].join(path.delimiter) };
}
