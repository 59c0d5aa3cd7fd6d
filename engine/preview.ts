/**
 * What an `up` would do, asked of the real engine on copies: of the settings, of the recorded state, in a folder that is
 * removed afterwards. No host, cluster or API is asked, and nothing of the stack is written, not even a lock.
 */
import type { EngineEvent as RawEvent, PulumiFn, StepEventMetadata } from "@pulumi/pulumi/automation";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { stringify } from "yaml";
import { askingNobody } from "./askNobody";
import { WatchedProgram } from "./brokenProgram";
import { checkpointFile, readCheckpoint } from "./checkpoint";
import { nameOf, narrowEvent } from "./events";
import { explainFailure, type Diagnostic } from "./explainFailure";
import type { ResolvedPlugin } from "./plugins";
import { readGraph, type ResourceGraph } from "./previewGraph";
import { emptyState, unprotected } from "./previewState";
import { changesOf, plainOf, type PropertyChange } from "./previewValues";
import type { PulumiCli } from "./pulumiCli";
import { Sealer } from "./sealing";
import { withoutSourceMaps } from "./sourceMaps";
import { openStack } from "./stack";
import { findPassphrase, openStateDir } from "./stateDir";

export { secretText, unknownText, type PropertyChange } from "./previewValues";

/** What would happen to one resource. */
export interface PreviewStep {
  /** create, update, replace, delete, same, read, import ...; a replacement is one step. */
  readonly op: string;
  readonly urn: string;
  /** Type token. */
  readonly type: string;
  /** Last part of the URN. */
  readonly name: string;
  /** Whether the recorded resource refuses to be deleted. */
  readonly protect: boolean;
  readonly changed: readonly PropertyChange[];
  /** Of what says who reaches what (`reachTypes`): its inputs as they are recorded and as they would be, without secrets. */
  readonly whole?: { readonly before?: unknown; readonly after?: unknown };
}

/** Objects that open and close ways in. */
const reachTypes =
  /^kubernetes:(?:core\/v1:Service|networking\.k8s\.io\/v1:(?:Ingress|NetworkPolicy)|gateway\.networking\.k8s\.io\/\w+:\w+Route)$/;

function wholeOf({ old, new: next }: StepEventMetadata): NonNullable<PreviewStep["whole"]> {
  const [before, after] = [old?.inputs, next?.inputs].map(plainOf);
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

/** A preview of one stack. */
export interface StackPreview {
  /** In the engine's order; without the stack itself. */
  readonly steps: readonly PreviewStep[];
  /** Warnings of the engine and the providers, once each. */
  readonly warnings: readonly string[];
  /** Who waits for whom; only where it was asked for. */
  readonly graph?: ResourceGraph;
}

/** A stack as a preview is to see it. */
export interface PreviewOptions {
  readonly stackName: string;
  /** Name of the project. */
  readonly project: string;
  /** Folder of the program. */
  readonly programDir: string;
  /** Plain config entries with their namespace, and encrypted ones as `{ secure }`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Secret config entries in the clear; they are only ever written encrypted. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Of the passphrase and salt under which `config` is encrypted. @default one for this run */
  readonly sealer?: Sealer | undefined;
  /** A state file of Pulumi's (version 3 of the checkpoint). @default no state */
  readonly state?: string | undefined;
  /** What a run of the program registers. */
  readonly program: PulumiFn;
  readonly cli: PulumiCli;
  readonly plugins: readonly ResolvedPlugin[];
  readonly cacheDir: string;
  /** Asks for the graph: the engine writes its plan, and it is read. @default false */
  readonly graph?: boolean;
  /** Holds the passphrase of `sealer` and `state`, where there is one. @default process.env */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Asks the engine what an `up` would do.
 * @throws UserError for what the engine or the program refuses, and a passphrase that does not open state or settings
 */
export async function previewStack(options: PreviewOptions): Promise<StackPreview> {
  // mkdtemp makes it for its owner alone.
  const scratch = mkdtempSync(path.join(tmpdir(), "tokenrack-preview-"));
  try {
    return await previewIn(scratch, options);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function previewIn(scratch: string, options: PreviewOptions): Promise<StackPreview> {
  const env = askingNobody(options.env ?? process.env);
  const dir = openStateDir(path.join(scratch, "state"));
  const passphrase = findPassphrase(dir, env);
  const { stackName, project, cacheDir, cli, plugins } = options;
  const state = unprotected(options.state ?? emptyState(project, stackName));
  writeState(dir.backend, options, state.text);
  const sealer = options.sealer ?? (await Sealer.make(passphrase.read()));
  writeProject(scratch, options, sealer);
  const watched = new WatchedProgram(options.program);
  const program = watched.run;
  const common = { stackName, projectDir: scratch, stateDir: dir.root, cacheDir, cli, plugins, env, program };
  const stack = await (await openStack(common)).prepare();
  const heard = new Heard(state.protectedUrns);
  const planFile = path.join(scratch, "plan.json");
  try {
    const asked = options.graph === true ? { plan: planFile } : {};
    await withoutSourceMaps(() =>
      watched.during((signal) => stack.preview({ onEvent: (event) => heard.take(event), signal, ...asked })),
    );
  } catch (error) {
    const checkpoint = readCheckpoint(checkpointFile(dir.backend, project, stackName));
    const known = {
      verb: "preview",
      error,
      programError: watched.error,
      diagnostics: heard.errors,
      aborted: false,
      checkpoint,
    };
    throw await explainFailure({ ...known, salt: sealer.salt, passphrase, locks: [] });
  }
  const { steps, warnings } = heard;
  return {
    steps: [...steps.values()],
    warnings: [...warnings],
    ...(existsSync(planFile) ? { graph: readGraph(readFileSync(planFile, "utf8")) } : {}),
  };
}

function writeState(backend: string, { project, stackName }: PreviewOptions, state: string): void {
  const file = checkpointFile(backend, project, stackName);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, state, { mode: 0o600 });
  // Stacks lie in a folder a project from version 1 on. @see pulumi/pkg/backend/diy/meta.go
  writeFileSync(path.join(backend, ".pulumi", "meta.yaml"), "version: 1\n");
}

function writeProject(
  scratch: string,
  { stackName, project, programDir, config, secrets }: PreviewOptions,
  sealer: Sealer,
): void {
  const plain = { name: project, runtime: "nodejs", main: path.join(programDir, "index.ts") };
  writeFileSync(path.join(scratch, "Pulumi.yaml"), stringify(plain));
  const sealed = Object.entries(secrets).map(([key, value]) => [key, { secure: sealer.seal(value) }] as const);
  const settings = { encryptionsalt: sealer.salt, config: { ...config, ...Object.fromEntries(sealed) } };
  writeFileSync(path.join(scratch, `Pulumi.${stackName}.yaml`), stringify(settings), { mode: 0o600 });
}

/** What the engine has said. */
class Heard {
  readonly steps = new Map<string, PreviewStep>();
  readonly warnings = new Set<string>();
  readonly errors: Diagnostic[] = [];

  constructor(private readonly protectedUrns: ReadonlySet<string>) {}

  take(raw: RawEvent): void {
    if (raw.resourcePreEvent) this.step(raw.resourcePreEvent.metadata);
    const event = narrowEvent(raw);
    if (event?.kind !== "diagnostic" || event.ephemeral) return;
    if (event.severity === "error") this.errors.push(event);
    if (event.severity === "warning") {
      this.warnings.add(event.urn === undefined ? event.message : `${nameOf(event.urn)}: ${event.message}`);
    }
  }

  /** A replacement is announced as such; its two halves come beside it. */
  private step(metadata: StepEventMetadata): void {
    const { op, urn, type } = metadata;
    if (type === "pulumi:pulumi:Stack" || op === "create-replacement" || op === "delete-replaced") return;
    this.steps.set(urn, {
      op,
      urn,
      type,
      name: nameOf(urn),
      protect: this.protectedUrns.has(urn),
      changed: op === "update" || op === "replace" ? changesOf(metadata) : [],
      ...(op !== "same" && reachTypes.test(type) ? { whole: wholeOf(metadata) } : {}),
    });
  }
}
