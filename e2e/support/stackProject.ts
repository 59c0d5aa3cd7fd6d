/** Runs small Pulumi programs on the real engine with our stand-ins, each project in a folder of its own. */
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { versions } from "../../catalog/versions";
import type { EngineStack } from "../../engine/engineStack";
import type { ResolvedPlugin } from "../../engine/plugins";
import { findPulumiCli, type PulumiCli } from "../../engine/pulumiCli";
import { openStack } from "../../engine/stack";
import { buildStandIn } from "../../engine/standinBuild";

/** The cache of the program itself: what was built once serves both. */
export const CACHE_DIR = path.resolve(__dirname, "..", "..", ".tokenrack", "cache");

export interface Engine {
  readonly cli: PulumiCli;
  readonly plugins: readonly ResolvedPlugin[];
}

/** The real CLI, and the kubernetes stand-in even where the official plugin is installed: it is what is tested. */
export async function findEngine(): Promise<Engine> {
  const cli = await findPulumiCli({ cacheDir: CACHE_DIR, progress: (line) => console.log(`      ${line}`) });
  const dir = await buildStandIn("kubernetes", CACHE_DIR);
  return { cli, plugins: [{ name: "kubernetes", version: versions.pluginKubernetes, kind: "stand-in", dir }] };
}

/** A project with one stack, "dev". */
export class StackProject {
  readonly dir = mkdtempSync(path.join(tmpdir(), "tokenrack engine-"));
  private readonly stateDir = path.join(this.dir, "state");

  constructor(private readonly engine: Engine) {
    writeFileSync(path.join(this.dir, "Pulumi.yaml"), "name: probe\nruntime: nodejs\nmain: index.ts\n");
  }

  open(program: PulumiFn, env: NodeJS.ProcessEnv = process.env): Promise<EngineStack> {
    return openStack({
      stackName: "dev",
      projectDir: this.dir,
      stateDir: this.stateDir,
      cacheDir: CACHE_DIR,
      program,
      ...this.engine,
      env,
    });
  }

  /** The text of every file of the state. */
  stateText(): string {
    const files = readdirSync(this.stateDir, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    return files.map((entry) => readFileSync(path.join(entry.parentPath, entry.name), "utf8")).join("\n");
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
