import { LocalWorkspace, Stack, type EngineEvent as RawEvent, type PulumiFn } from "@pulumi/pulumi/automation";
import { rmSync } from "node:fs";
import { z } from "zod";
import { WatchedProgram } from "./brokenProgram";
import { checkpointFile, readCheckpoint, hasStacks, removeTraces, type Checkpoint } from "./checkpoint";
import { UserError } from "../config/errors";
import type { EngineCommand } from "./engineCommand";
import { explainFailure, type Diagnostic } from "./explainFailure";
import { nameOf, narrowEvent, summaryOf, type ChangeSummary, type OnEvent } from "./events";
import { readLocks, releaseDeadLocks, type Lock } from "./locks";
import type { Progress } from "./progress";
import { releasing } from "./protection";
import type { Passphrase, StateDir } from "./stateDir";
import type { ConfigEntry, WorkingCopy } from "./workingCopy";

export interface OperationOptions {
  readonly onEvent?: OnEvent;
  /** Aborting it interrupts the engine: running commands are ended, the state is saved. */
  readonly signal?: AbortSignal;
}

export interface UpStackOptions extends OperationOptions {
  /**
   * URNs to replace although nothing changed: the repair of a process that died. The `delete` of each runs, then its
   * `create` (in that order if the resource has `deleteBeforeReplace`), then what depends on it.
   */
  readonly replace?: readonly string[];
}

const outputsSchema = z.record(z.string(), z.unknown());
const exportSchema = z.object({ version: z.number(), deployment: z.looseObject({}) });
export type ExportedState = z.infer<typeof exportSchema>;

/** What openStack puts together. */
export interface StackParts {
  readonly name: string;
  readonly program: PulumiFn;
  readonly config: Readonly<Record<string, ConfigEntry>>;
  readonly progress: Progress;
  readonly dir: StateDir;
  readonly passphrase: Passphrase;
  readonly copy: WorkingCopy;
  readonly command: EngineCommand;
  readonly envVars: Record<string, string>;
  /** Makes ready what plugins run while something is made. */
  readonly provideTools: () => Promise<void>;
}

/** A stack of the real engine. Its operations must not overlap. */
export class EngineStack {
  readonly name: string;
  readonly project: string;
  private prepared: Promise<Stack> | undefined;
  /** The program of the operation that runs, or ran last. */
  private watched: WatchedProgram;

  /** Use openStack. */
  constructor(private readonly parts: StackParts) {
    this.name = parts.name;
    this.project = parts.copy.project;
    this.watched = new WatchedProgram(parts.program);
  }

  /** Brings the working copy up to date and makes the stack if it is new. Idempotent; openStack calls it. */
  prepare(): Promise<Stack> {
    this.prepared ??= this.makeStack();
    return this.prepared;
  }

  /** Shows what `up` would do; changes nothing, runs no command. */
  async preview(options: UpStackOptions = {}): Promise<ChangeSummary> {
    const stack = await this.prepare();
    return this.operate("preview", options, (onEvent, signal) =>
      stack.preview({ onEvent, ...signal, replace: [...(options.replace ?? [])] }),
    );
  }

  /**
   * Makes the world what the program says. First mends what a killed run has left.
   * @throws UserError when a program that a plugin runs is not there and cannot be built
   */
  async up(options: UpStackOptions = {}): Promise<ChangeSummary> {
    const stack = await this.prepare();
    await this.parts.provideTools();
    const replace = [...(options.replace ?? []), ...(await this.settlePending(options))];
    return this.operate("up", options, (onEvent, signal) =>
      stack.up({ onEvent, ...signal, replace: [...new Set(replace)] }),
    );
  }

  /**
   * Deletes every resource, in reverse order. The stack itself stays; see `remove`. Runs the program where it has a say in
   * that, as for whose a VM is: then it has to be the whole one, and decides what is protected. Else a stack goes without.
   * @throws UserError before anything is deleted, when a resource was protected at the last `up`
   */
  async destroy(options: OperationOptions = {}): Promise<ChangeSummary> {
    const stack = await this.prepare();
    this.refuseProtected();
    await this.settlePending(options);
    const runProgram = this.checkpoint()?.deleteHooks === true;
    return this.operate("destroy", options, (onEvent, signal) => stack.destroy({ onEvent, ...signal, runProgram }));
  }

  /**
   * Removes the stack with its history and its part of the working copy, and, after the last stack, all but the
   * passphrase. Open the stack again to go on.
   * @throws UserError when it still has resources
   */
  async remove(): Promise<void> {
    await this.cli("remove", ["stack", "rm", this.name, "--yes", "--preserve-config"]);
    this.parts.copy.removeStack();
    removeTraces(this.parts.dir.backend, this.project, this.name);
    if (!hasStacks(this.parts.dir.backend)) {
      for (const dir of [this.parts.dir.backend, this.parts.dir.workspace])
        rmSync(dir, { recursive: true, force: true });
    }
  }

  /** The state as `pulumi stack export` gives it: secrets stay encrypted. */
  async exportState(): Promise<ExportedState> {
    return exportSchema.parse(JSON.parse(await this.cli("export", ["stack", "export", "--stack", this.name])));
  }

  /** The stack's outputs, secret ones in the clear. Costs 0.35 s. */
  async outputs(): Promise<Record<string, unknown>> {
    const args = ["stack", "output", "--json", "--show-secrets", "--stack", this.name];
    return outputsSchema.parse(JSON.parse(await this.cli("outputs", args)));
  }

  /** URNs of the resources in the state, without any process. */
  urns(): readonly string[] {
    return this.checkpoint()?.urns ?? [];
  }

  /** The engine would notice when it comes to them, and what depends on them would be gone by then. */
  private refuseProtected(): void {
    const urns = this.checkpoint()?.protected ?? [];
    if (urns.length === 0) return;
    throw new UserError(
      `destroy: found ${urns.length} protected (${urns.map(nameOf).join(", ")}), which hold data. Nothing was changed.\n` +
        `Fix: take their protection back where the stack sets it (${releasing(urns)}), run up once, and destroy again.`,
    );
  }

  private async makeStack(): Promise<Stack> {
    const { copy, passphrase, command, envVars, dir } = this.parts;
    const secrets = copy.sync(this.parts.config, passphrase.read());
    const program: PulumiFn = () => this.watched.run();
    const workspace = await LocalWorkspace.create({ pulumiCommand: command, workDir: dir.workspace, envVars, program });
    if (this.checkpoint() === undefined) await this.cli("init", ["stack", "init", this.name]);
    for (const [key, value] of secrets) {
      // By stdin: every user of the machine can read an argument.
      await this.cli("config", ["config", "set", "--secret", key, "--stack", this.name], value);
      copy.recordSecret(key, value, passphrase.read());
    }
    return Stack.select(this.name, workspace);
  }

  /**
   * After a killed engine the state names what was in flight. A refresh settles it: it drops unfinished creates (they run
   * again) and reads the rest back from the providers. A command cannot be read back; one whose delete was cut short may
   * be gone although the state has it. Returns those: they have to be replaced.
   */
  private async settlePending(options: OperationOptions): Promise<readonly string[]> {
    this.releaseLocks();
    const pending = this.checkpoint()?.pending ?? [];
    if (pending.length === 0) return [];
    const stack = await this.prepare();
    const list = pending.map(({ operation, urn }) => `${operation} ${nameOf(urn)}`).join(", ");
    this.parts.progress(`the last run was killed while ${list}: settling that first`);
    await this.operate("refresh", options, (onEvent, signal) =>
      stack.refresh({ onEvent, ...signal, clearPendingCreates: true }),
    );
    return pending
      .filter(({ operation, type }) => operation === "deleting" && type.startsWith("command:"))
      .map(({ urn }) => urn)
      .filter((urn) => this.urns().includes(urn));
  }

  /** Runs one operation of the engine, passes its events on and turns a failure into one that can be understood. */
  private async operate(
    verb: string,
    options: OperationOptions,
    work: (onEvent: (raw: RawEvent) => void, signal: { signal: AbortSignal }) => Promise<unknown>,
  ): Promise<ChangeSummary> {
    this.watched = new WatchedProgram(this.parts.program);
    const diagnostics: Diagnostic[] = [];
    let changes: Record<string, number> = {};
    const onEvent = (raw: RawEvent): void => {
      if (raw.summaryEvent) changes = raw.summaryEvent.resourceChanges;
      const event = narrowEvent(raw);
      if (event === undefined) return;
      if (event.kind === "diagnostic" && event.severity === "error") diagnostics.push(event);
      options.onEvent?.(event);
    };
    try {
      await this.watched.during((broken) =>
        work(onEvent, { signal: options.signal === undefined ? broken : AbortSignal.any([options.signal, broken]) }),
      );
    } catch (error) {
      throw await this.explained(verb, error, diagnostics, options.signal?.aborted === true);
    }
    return summaryOf(changes);
  }

  /** Runs one `pulumi` command and returns what it printed. */
  private async cli(verb: string, args: readonly string[], stdin?: string): Promise<string> {
    const { command, dir, envVars } = this.parts;
    try {
      return (await command.exec(args, dir.workspace, envVars, stdin === undefined ? {} : { stdin })).stdout;
    } catch (error) {
      throw await this.explained(verb, error, [], false);
    }
  }

  private explained(
    verb: string,
    error: unknown,
    diagnostics: readonly Diagnostic[],
    aborted: boolean,
  ): Promise<unknown> {
    return explainFailure({
      verb,
      error,
      diagnostics,
      aborted,
      programError: this.watched.error,
      checkpoint: this.checkpoint(),
      salt: this.parts.copy.stackSettings()?.encryptionsalt,
      passphrase: this.parts.passphrase,
      locks: this.locks(),
    });
  }

  private releaseLocks(): void {
    releaseDeadLocks(this.locks(), this.parts.progress);
  }

  private locks(): readonly Lock[] {
    return readLocks(this.parts.dir.backend, this.project, this.name);
  }

  private checkpoint(): Checkpoint | undefined {
    return readCheckpoint(checkpointFile(this.parts.dir.backend, this.project, this.name));
  }
}
