/** What a doctor needs to look at a stack: its plan, and what opens its parts. Read, never made. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as z from "zod";
import { ProfileError } from "../../config/errors";
import { portDefaults } from "../../config/schema";
import { Sealer } from "../../engine/sealing";
import { findPassphrase } from "../../engine/stateDir";
import type { LocalStackPlan, Plan } from "../../plan/types";
import { readChoices } from "../choices";
import { house, userDirectory, type House } from "../house";
import { planOfStack } from "../plan/stack";
import { UsageError } from "../plan/usage";
import { localSecretsOf } from "../preview/localSecrets";
import { passphraseEnv, readProject, readSettings, type StackSettings } from "../preview/settings";
import { findState } from "../preview/state";
import { addedConfig, committedConfig, pinnedPorts, planStack } from "../profile";
import { firstUserPassword } from "../secrets";
import type { Finding } from "./findings";
import type { DoctorOptions } from "./options";

/** What opens a part of a stack, or why it does not. */
export type Key =
  { readonly kind: "given"; readonly text: string } | { readonly kind: "missing"; readonly finding: Finding };

/** A stack that can be looked at. */
export interface Opened {
  readonly plan: Plan;
  /** Text of its stack file. */
  readonly stackFile: string;
  /** Secrets that could be read, by their config key. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Secrets that are set and could not be read here. */
  readonly hidden: readonly string[];
  /** Opens the cluster. */
  readonly kubeconfig: Key;
}

const missing = (checked: string, found: string, expected: string, fix: string): Key => ({
  kind: "missing",
  finding: { checked, found, expected, fix },
});

/** A secret of the stack. */
export function secretOf({ secrets, hidden }: Pick<Opened, "secrets" | "hidden">, name: string, stack: string): Key {
  const text = secrets[name];
  if (text !== undefined) return { kind: "given", text };
  const checked = `the secret ${name}`;
  if (hidden.includes(name)) {
    const fix = "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE";
    return missing(checked, "set, and there is no passphrase that opens it", "one that can be read here", fix);
  }
  return missing(checked, "not set", "a value", `pulumi config set --secret tokenrack:${name} --stack ${stack}`);
}

/** The plan with the ports and the model that the last start chose. */
function runningPlan(stack: string, at: House): LocalStackPlan {
  const committed = committedConfig(stack, at);
  const kept = readChoices(at);
  const ports = { ...portDefaults, ...kept?.ports, ...pinnedPorts(committed) };
  const bundle = join(at.cache, "gateway", "gateway.js");
  const plan = planStack(stack, committed, addedConfig(stack, { ports, model: kept?.model }, bundle, at));
  const firstUser = kept?.firstUser ?? plan.gateway.firstUser;
  return { ...plan, gateway: { ...plan.gateway, firstUser } };
}

const checkpoint = z.object({
  checkpoint: z.object({
    latest: z.object({
      secrets_providers: z.object({ state: z.object({ salt: z.string().optional() }).optional() }).optional(),
      resources: z.array(z.looseObject({ type: z.string(), outputs: z.record(z.string(), z.unknown()).optional() })),
    }),
  }),
});
const sealedValue = z.object({ ciphertext: z.string() });
/** As the engine keeps a secret that it could open. */
const openValue = z.object({ plaintext: z.string() });

/** Text of an output in a recorded state; undefined where it cannot be read. */
async function outputOf(state: string, name: string, passphrase: () => string): Promise<string | undefined> {
  const latest = checkpoint.safeParse(JSON.parse(state)).data?.checkpoint.latest;
  const stack = latest?.resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  const value = stack?.outputs?.[name];
  if (typeof value === "string") return value;
  const open = openValue.safeParse(value).data?.plaintext;
  const salt = latest?.secrets_providers?.state?.salt;
  const sealed = sealedValue.safeParse(value).data?.ciphertext;
  const sealer = salt === undefined || sealed === undefined ? undefined : await Sealer.open(salt, passphrase());
  const json = open ?? (sealed === undefined ? undefined : sealer?.unseal(sealed));
  const text: unknown = json === undefined ? undefined : JSON.parse(json);
  return typeof text === "string" ? text : undefined;
}

/** The output of a cluster that the stack has made. */
async function madeKubeconfig(stack: string, env: NodeJS.ProcessEnv, at: House): Promise<Key> {
  const checked = `the output kubeconfig of stack ${stack}`;
  const expected = "one that can be read here";
  const fix = `pulumi stack output kubeconfig --show-secrets --stack ${stack} > kubeconfig, then --kubeconfig kubeconfig`;
  const withPassphrase = passphraseEnv("proxmox", env, at);
  if (withPassphrase === undefined) {
    return missing(
      checked,
      "no passphrase that opens the recorded state",
      expected,
      `set PULUMI_CONFIG_PASSPHRASE; or ${fix}`,
    );
  }
  const { name: project, backend } = readProject(at);
  try {
    const question = { stack, kind: "proxmox", project, projectBackend: backend?.url, wanted: true } as const;
    const state = findState({ ...question, passphrase: true, env }, at);
    if (state === undefined)
      return missing(checked, "no recorded state", expected, `pulumi up brings it up; or ${fix}`);
    const nowhere = { root: at.state, backend: "", backendUrl: "", workspace: "" };
    const text = await outputOf(state.text, "kubeconfig", () => findPassphrase(nowhere, withPassphrase).read());
    if (text !== undefined) return { kind: "given", text };
    return missing(checked, `none in ${state.source}`, expected, `pulumi up, which makes the cluster; or ${fix}`);
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    return missing(checked, error.faults[0]?.found ?? error.message, expected, fix);
  }
}

/** @throws UsageError when there is no such file */
function kubeconfigIn(file: string): Key {
  const path = resolve(userDirectory(), file);
  if (existsSync(path)) return { kind: "given", text: readFileSync(path, "utf8") };
  throw new UsageError([
    { path: "--kubeconfig", found: `${path}, which is not there`, needed: "a file", fix: "check the path" },
  ]);
}

async function kubeconfigOf(plan: Plan, settings: StackSettings, env: NodeJS.ProcessEnv, at: House): Promise<Key> {
  if (plan.platform === "proxmox") return madeKubeconfig(plan.stack, env, at);
  const key = secretOf(settings, "kubeconfig", plan.stack);
  if (key.kind === "given") return key;
  const { fix } = key.finding;
  return { kind: "missing", finding: { ...key.finding, fix: `${fix}; or --kubeconfig <file>` } };
}

/**
 * Opens a stack, as far as that goes.
 * @throws UserError, ProfileError or UsageError where there is no such stack, or its file is wrong
 */
export async function openStack(
  stack: string,
  options: Pick<DoctorOptions, "kubeconfig">,
  env: NodeJS.ProcessEnv = process.env,
  at: House = house,
): Promise<Opened> {
  const plan = planOfStack(stack, at);
  const settings = await readSettings(stack, passphraseEnv(plan.platform, env, at), at);
  const stackFile = readFileSync(join(at.checkout, `Pulumi.${stack}.yaml`), "utf8");
  const { hidden } = settings;
  if (plan.platform === "local") {
    const password = firstUserPassword(at);
    const kept = { ...localSecretsOf(at), ...(password === undefined ? {} : { firstUserPassword: password }) };
    const none = missing("a kubeconfig", "none", "none", "none needed");
    return {
      plan: runningPlan(stack, at),
      stackFile,
      secrets: { ...settings.secrets, ...kept },
      hidden,
      kubeconfig: none,
    };
  }
  const { kubeconfig: file } = options;
  const kubeconfig = file === undefined ? await kubeconfigOf(plan, settings, env, at) : kubeconfigIn(file);
  return { plan, stackFile, secrets: settings.secrets, hidden, kubeconfig };
}
