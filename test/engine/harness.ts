import * as command from "@pulumi/command";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { versions } from "../../catalog/versions";
import { UserError } from "../../config/errors";
import type { EngineEvent } from "../../engine/events";
import type { EngineStack } from "../../engine/engineStack";
import type { ResolvedPlugin } from "../../engine/plugins";
import { findPulumiCli, type PulumiCli } from "../../engine/pulumiCli";
import { buildStandIn } from "../../engine/standinBuild";
import { openStack, type OpenStackOptions } from "../../engine/stack";

/** The cache of the program itself: a CLI that was built once serves both. */
export const CACHE_DIR = path.resolve(__dirname, "..", "..", ".tokenrack", "cache");

export interface Engine {
  readonly cli: PulumiCli;
  readonly plugins: readonly ResolvedPlugin[];
}

const pluginVersions = {
  command: versions.pluginCommand,
  kubernetes: versions.pluginKubernetes,
  proxmoxve: versions.pluginProxmoxve,
} as const;

/** The real CLI, and stand-ins even where the official plugin is installed: they are what these tests are about. */
export async function findEngine(...names: readonly (keyof typeof pluginVersions)[]): Promise<Engine> {
  const cli = await findPulumiCli({ cacheDir: CACHE_DIR, progress: (line) => console.log(`      ${line}`) });
  const plugins: ResolvedPlugin[] = [];
  for (const name of names) {
    const dir = await buildStandIn(name, CACHE_DIR);
    plugins.push({ name, version: pluginVersions[name], kind: "stand-in", dir });
  }
  return { cli, plugins };
}

/** A project in a folder of its own (with a space in its name), whose commands write what they do into one log file. */
export class TestProject {
  readonly dir = mkdtempSync(path.join(tmpdir(), "tokenrack engine-"));
  readonly logFile = path.join(this.dir, "log");
  readonly stateDir = path.join(this.dir, "state");
  /** Lines that the engine said to the user. */
  readonly said: string[] = [];

  constructor(private readonly engine: Engine) {
    writeFileSync(path.join(this.dir, "Pulumi.yaml"), "name: probe\nruntime: nodejs\nmain: index.ts\n");
    writeFileSync(path.join(this.dir, "Pulumi.dev.yaml"), "config:\n  probe:greeting: hello\n");
  }

  open(program: PulumiFn, more: Partial<OpenStackOptions> = {}): Promise<EngineStack> {
    return openStack({
      stackName: "dev",
      projectDir: this.dir,
      stateDir: this.stateDir,
      cacheDir: CACHE_DIR,
      program,
      ...this.engine,
      progress: (line) => this.said.push(line),
      ...more,
    });
  }

  /** The lines that commands have written since the last call. */
  takeLog(): string[] {
    if (!existsSync(this.logFile)) return [];
    const lines = readFileSync(this.logFile, "utf8").trim().split("\n");
    rmSync(this.logFile);
    return lines;
  }

  /** A shell command that writes `line` (expanded by the shell) into the log. */
  logs(line: string): string {
    return `echo "${line}" >> '${this.logFile}'`;
  }

  /** Process number of the engine that holds the stack's lock. */
  enginePid(): number {
    const dir = path.join(this.stateDir, "backend", ".pulumi", "locks", "organization", "probe", "dev");
    const [name = "no lock"] = readdirSync(dir);
    const lock = JSON.parse(readFileSync(path.join(dir, name), "utf8")) as { pid: number };
    return lock.pid;
  }

  /** The committed files, as text. */
  committed(): string[] {
    return ["Pulumi.yaml", "Pulumi.dev.yaml"].map((name) => readFileSync(path.join(this.dir, name), "utf8"));
  }

  /** The text of every file under `subdir` of the state folder. */
  stateText(subdir: string): string {
    const root = path.join(this.stateDir, subdir);
    const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return files.map((entry) => readFileSync(path.join(entry.parentPath, entry.name), "utf8")).join("\n");
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Resolves with the line that a command printed and `pattern` matches; `onEvent` is to be given to the operation. */
export function printed(pattern: RegExp): { onEvent: (event: EngineEvent) => void; line: Promise<string> } {
  let found: (line: string) => void = () => undefined;
  const line = new Promise<string>((resolve) => (found = resolve));
  const onEvent = (event: EngineEvent): void => {
    if (event.kind === "diagnostic" && pattern.test(event.message)) found(event.message);
  };
  return { onEvent, line };
}

export type LocalArgs = command.local.CommandArgs;

export function local(name: string, args: LocalArgs, deleteBeforeReplace = false): command.local.Command {
  return new command.local.Command(name, args, { deleteBeforeReplace });
}

/** The message of the UserError that `work` fails with. */
export async function failure(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => assert.fail("it should have failed"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof UserError, String(error));
  return error.message;
}

/** Resolves when no process `pid` lives. There is no event for the end of a process that is not ours. */
export async function gone(pid: number): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail(`process ${pid} still runs`);
}
