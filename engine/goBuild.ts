import { accessSync, constants } from "node:fs";
import * as path from "node:path";
import { runChild } from "./child";
import { findOnPath } from "./executables";
import { withHeartbeat, type Progress } from "./progress";
import { failureOf, intoCache, type CachedTool } from "./toolCache";

/** A program that Go builds from a committed wrapper module, which pins it and all that it is made of. */
export interface GoTool extends CachedTool {
  /** For the person who waits: "the Pulumi CLI". */
  readonly label: string;
  /** Folder under `tools/`. */
  readonly module: string;
  /** Import path of its main package. */
  readonly package: string;
  /** Go variables that hold the version, with their values. */
  readonly variables: Readonly<Record<string, string>>;
  /** How long it takes on two idle cores: "3 minutes". */
  readonly takes: string;
}

export interface BuildOptions {
  readonly cacheDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly progress: Progress;
}

/** A build takes minutes on 2 cores, and more on a loaded machine; in ms. */
const BUILD_TIMEOUT_MS = 30 * 60_000;

const TOOLS = path.resolve(__dirname, "..", "tools");

/** Builds the tool into the cache. @returns why it could not; undefined when the tool is there */
export async function buildWithGo(tool: GoTool, options: BuildOptions): Promise<string | undefined> {
  const { cacheDir, env, progress } = options;
  const go = findOnPath("go", env["PATH"]);
  if (go === undefined) return "no `go` on PATH to build it with";
  progress(`building ${tool.label} ${tool.version} from its Go module (about ${tool.takes} on 2 cores, once)`);
  return intoCache(tool, cacheDir, env, async (root) => {
    const variables = Object.entries(tool.variables).map(([name, value]) => `-X ${name}=${value}`);
    const args = ["build", "-mod=readonly", "-trimpath", "-ldflags", ["-s", "-w", ...variables].join(" ")];
    args.push("-o", path.join(root, "bin", tool.name), tool.package);
    const child = { cwd: path.join(TOOLS, tool.module), env: goEnv(cacheDir, env), timeoutMs: BUILD_TIMEOUT_MS };
    const result = await withHeartbeat(progress, `building ${tool.label}`, () => runChild(go, args, child));
    return failureOf(result, BUILD_TIMEOUT_MS);
  });
}

/**
 * Go keeps downloads and compiled packages in the user's home, for all that the user builds: they are shared on purpose.
 * Where there is no home to write to they go into our cache; a folder that the user names wins.
 */
function goEnv(cacheDir: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (env["HOME"] && isWritable(env["HOME"])) return env;
  const go = path.join(cacheDir, "go");
  // Without -modcacherw the downloads are read-only, and nobody could simply remove the cache.
  const flags = `${env["GOFLAGS"] ?? ""} -modcacherw`.trim();
  return { GOPATH: go, GOCACHE: path.join(go, "build"), ...env, GOFLAGS: flags };
}

function isWritable(dir: string): boolean {
  try {
    accessSync(dir, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
