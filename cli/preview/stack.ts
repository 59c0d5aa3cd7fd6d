/** Everything that a preview of one stack is made from, and the preview. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { versions } from "../../catalog/versions";
import { parseProfile } from "../../config/parse";
import { namespace, portDefaults, type PlatformKind } from "../../config/schema";
import { resolvePlugins, type ProviderPlugin, type ResolvedPlugin } from "../../engine/plugins";
import { previewStack, type StackPreview } from "../../engine/preview";
import { findPulumiCli } from "../../engine/pulumiCli";
import type { Progress } from "../../engine/progress";
import type { Plan } from "../../plan/plan";
import { stackProgram } from "../../stackProgram";
import { readChoices } from "../choices";
import { bundleGateway } from "../gatewayBundle";
import { house, type House } from "../house";
import { planOfStack } from "../plan/stack";
import { addedConfig, pinnedPorts } from "../profile";
import { findBase, type FoundBase } from "./base";
import { changesOf, type Changes, type Compared } from "./changes";
import { complete, type Completed } from "./complete";
import { stageFactsOf } from "./facts";
import type { HostLook } from "./look";
import { localSecretsOf } from "./localSecrets";
import { passphraseEnv, readProject, readSettings, type StackSettings } from "./settings";
import { findState, type RecordedState } from "./state";
import { usersOf } from "./users";
import { verdictOf } from "./verdict";

/** What is asked. */
export interface Asked {
  readonly stack: string;
  /** `--state`. */
  readonly stateFile?: string | undefined;
  /** False: `--no-state`. */
  readonly wanted: boolean;
  readonly progress?: Progress;
  /** Also who waits for whom. @default false */
  readonly graph?: boolean;
  /** `--base`. */
  readonly base?: string | undefined;
  /** `--base-file`. */
  readonly baseFile?: string | undefined;
  /** @default process.env */
  readonly env?: NodeJS.ProcessEnv;
}

/** A stack that is ready to be previewed. */
export interface Prepared {
  readonly stack: string;
  readonly plan: Plan;
  readonly project: string;
  readonly completed: Completed;
  readonly settings: StackSettings;
  readonly state?: RecordedState | undefined;
  readonly found?: FoundBase | undefined;
  readonly env: NodeJS.ProcessEnv;
}

/** Providers of a platform; one that a stack does not use is not started. */
export function providersOf(kind: PlatformKind): readonly ProviderPlugin[] {
  const command = { name: "command", version: versions.pluginCommand };
  const kubernetes = { name: "kubernetes", version: versions.pluginKubernetes };
  const proxmoxve = { name: "proxmoxve", version: versions.pluginProxmoxve };
  if (kind === "local") return [command];
  return kind === "existing" ? [command, kubernetes] : [command, proxmoxve, kubernetes];
}

/** What `npm start` adds to a stack on this machine; the bundle's name says what is in it, and it is not put there. */
async function startConfig(stack: string, keys: Readonly<Record<string, unknown>>, at: House): Promise<object> {
  const scratch = mkdtempSync(join(tmpdir(), "tokenrack-preview-"));
  try {
    const bundle = join(at.cache, "gateway", basename(await bundleGateway({ ...at, cache: scratch })));
    const kept = readChoices(at);
    const ports = { ...portDefaults, ...kept?.ports, ...pinnedPorts(keys) };
    return addedConfig(stack, { ports, model: kept?.model }, bundle, at);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * Reads everything and asks nobody.
 * @throws UserError or ProfileError with what is wrong with the stack file or the recorded state
 */
export async function prepare(asked: Asked, at: House = house): Promise<Prepared> {
  const { stack, stateFile, wanted, env = process.env } = asked;
  const plan = planOfStack(stack, at);
  const project = readProject(at);
  const withPassphrase = passphraseEnv(plan.platform, env, at);
  const settings = await readSettings(stack, withPassphrase, at);
  const local = plan.platform === "local";
  const keys = local ? { ...settings.keys, ...(await startConfig(stack, settings.keys, at)) } : settings.keys;
  const secrets = local ? { ...localSecretsOf(at), ...settings.secrets } : settings.secrets;
  const profile = parseProfile(settings.keys, { stack });
  const completed = complete(stack, profile, keys, secrets, settings.hidden);
  const question = { stack, kind: plan.platform, project: project.name, projectBackend: project.backend?.url };
  const passphrase = withPassphrase !== undefined;
  const state = findState({ ...question, file: stateFile, wanted, passphrase, env }, at);
  const found = await findBase({ stack, ref: asked.base, file: asked.baseFile }, withPassphrase, at);
  return { stack, plan, project: project.name, completed, settings, state, found, env: withPassphrase ?? env };
}

const namespaced = (keys: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(keys).map(([key, value]) => [`${namespace}:${key}`, value]));

/** The engine's answer, and who stood in for a plugin. */
export interface Previewed {
  readonly preview: StackPreview;
  readonly plugins: readonly ResolvedPlugin[];
}

/** @throws UserError when there is no CLI, or the engine or the program refuses */
export async function preview(prepared: Prepared, asked: Asked, at: House = house): Promise<Previewed> {
  const { stack, plan, project, completed, settings, state, env } = prepared;
  const progress = asked.progress ?? ((): void => undefined);
  const cli = await findPulumiCli({ cacheDir: at.cache, progress, env });
  const plugins = await resolvePlugins({ cli, cacheDir: at.cache, env, plugins: providersOf(plan.platform), progress });
  const answer = await previewStack({
    ...{ stackName: stack, project, programDir: at.checkout, cli, plugins, cacheDir: at.cache, env },
    config: { ...settings.others, ...namespaced(completed.keys) },
    secrets: Object.fromEntries(
      Object.entries(completed.secrets).map(([key, value]) => [`${namespace}:${key}`, value]),
    ),
    sealer: settings.sealer,
    state: state?.text,
    graph: asked.graph ?? false,
    program: () => Promise.resolve({ ...stackProgram() }),
  });
  return { preview: answer, plugins };
}

/** Keys whose values differ, sorted. */
const otherKeys = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): readonly string[] =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => a[key] !== b[key]).sort();

/** The answer as plain data. */
export function changesIn(
  prepared: Prepared,
  { preview: answer, plugins }: Previewed,
  looks?: readonly HostLook[],
): Changes {
  const { stack, plan, completed, state, found, settings } = prepared;
  const { secretPlaceholders, keyPlaceholders } = completed;
  const used = new Set(answer.steps.map(({ type }) => type.split(":")[0]));
  const compared: Compared = {
    ...(state === undefined ? {} : { state: state.source }),
    resources: state?.resources ?? 0,
    hidden: state?.hidden ?? false,
    secretPlaceholders,
    keyPlaceholders,
    standIns: plugins.filter(({ kind, name }) => kind === "stand-in" && used.has(name)).map(({ name }) => name),
  };
  const hosts = plan.platform === "proxmox" ? plan.hosts : [];
  const [before, after] = [found?.users, usersOf(settings.secrets)];
  const users = before === undefined || after === undefined ? undefined : { before, after };
  const context = { stack, verdict: verdictOf(plan), compared, hosts, looks, base: found?.base, users };
  const changedSecrets = found?.sealed === undefined ? undefined : otherKeys(found.sealed, settings.sealed);
  return changesOf(answer, { ...context, facts: stageFactsOf(plan), changedSecrets });
}
