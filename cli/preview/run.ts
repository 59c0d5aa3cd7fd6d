/** `npm run preview`: what was asked for, as text, JSON or Markdown. */
import { ProfileError, UserError } from "../../config/errors";
import type { Progress } from "../../engine/progress";
import type { Terminal } from "../plan/run";
import { stackNames } from "../plan/stack";
import { widthFor } from "../plan/terminal";
import { changedFiles, findBase } from "./base";
import { exitCodeOf } from "./changes";
import { commentOf, worstOf, type ExitCode, type Section } from "./comment";
import type { Base } from "./compare";
import { failureMarkdown, failureOf } from "./failure";
import { lookAtHosts, type HostLook } from "./look";
import { markdownOf } from "./markdown";
import { checkOptions, type PreviewOptions } from "./options";
import { paintFor } from "./paint";
import { changesIn, prepare, preview, type Asked, type Prepared } from "./stack";
import type { Login } from "./ssh";
import { explainChanges } from "./text";
import { touchedBy } from "./touched";

/** What came of a command. */
export interface Answer {
  /** For stdout, without the last line break. */
  readonly text: string;
  readonly exitCode: ExitCode;
}

/** What opens the hosts: the stack's own key, else the user's agent. @throws ProfileError where there is neither */
function loginOf({ settings }: Prepared): Login {
  const { hostSshKey: privateKey, hostSshKeyPassphrase: passphrase } = settings.secrets;
  if (privateKey !== undefined) return { privateKey, passphrase };
  const agent = process.env["SSH_AUTH_SOCK"];
  if (agent) return { agent };
  const found = "no secret hostSshKey that opens here, and no SSH agent";
  const fix =
    "set PULUMI_CONFIG_PASSPHRASE and `pulumi config set --secret tokenrack:hostSshKey`, or start an SSH agent";
  throw new ProfileError([{ path: "--inspect", found, needed: "a key for the hosts", fix }], "The hosts stay closed");
}

function look(prepared: Prepared, seconds: number): Promise<readonly HostLook[]> {
  const { plan } = prepared;
  if (plan.platform !== "proxmox") {
    const found = `stack ${plan.stack}, of kind ${plan.platform}`;
    const fault = { path: "--inspect", found, needed: "a stack on Proxmox hosts", fix: "leave it out" };
    throw new ProfileError([fault], "There are no hosts");
  }
  return lookAtHosts(plan.hosts, loginOf(prepared), seconds * 1000);
}

/** Of one stack. */
async function ofStack(stack: string, options: PreviewOptions, out: Terminal, progress: Progress): Promise<Answer> {
  const { state, base, baseFile } = options;
  const wanted = state !== false;
  const stateFile = typeof state === "string" ? state : undefined;
  const asked: Asked = { stack, stateFile, wanted, progress, base, baseFile };
  const prepared = await prepare(asked);
  const looking = options.inspect === true ? look(prepared, options.timeout) : Promise.resolve(undefined);
  const [previewed, looks] = await Promise.all([preview(prepared, asked), looking]);
  const changes = changesIn(prepared, previewed, looks);
  const exitCode = exitCodeOf(changes);
  if (options.json === true) return { text: JSON.stringify(changes, undefined, 2), exitCode };
  if (options.markdown === true) return { text: markdownOf(changes, { picture: options.picture }).trimEnd(), exitCode };
  const how = { width: widthFor(out), full: options.full === true, paint: paintFor(out) };
  return { text: explainChanges(changes, how), exitCode };
}

/** What a change starts from, for a stack that cannot be planned; undefined where that cannot be read either. */
async function baseOf(stack: string, { base, baseFile }: PreviewOptions): Promise<Base | undefined> {
  try {
    return (await findBase({ stack, ref: base, file: baseFile }, undefined))?.base;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** As a comment, also of what cannot be previewed. */
async function commented(stack: string, options: PreviewOptions, out: Terminal, progress: Progress): Promise<Section> {
  try {
    const { text, exitCode } = await ofStack(stack, options, out, progress);
    return { stack, markdown: `${text}\n`, exitCode };
  } catch (error) {
    return { stack, markdown: failureMarkdown(failureOf(stack, error, await baseOf(stack, options))), exitCode: 1 };
  }
}

/** Every stack that a change touches, one after the other: each takes an engine. */
async function ofChange(base: string, options: PreviewOptions, out: Terminal, progress: Progress): Promise<Answer> {
  const { stacks, gone } = touchedBy(changedFiles(base), stackNames());
  if (options.list === true) return { text: JSON.stringify(stacks), exitCode: 0 };
  const sections: Section[] = [];
  for (const stack of stacks) {
    progress(`stack ${stack}`);
    if (options.markdown === true) sections.push(await commented(stack, options, out, progress));
    else {
      const { text, exitCode } = await ofStack(stack, options, out, progress);
      sections.push({ stack, markdown: text, exitCode });
    }
  }
  const exitCode = worstOf(sections);
  if (options.markdown === true) return { text: commentOf(sections, gone).trimEnd(), exitCode };
  const texts = sections.map(({ markdown }) => markdown);
  return { text: texts.length === 0 ? "no stack is touched" : texts.join("\n\n"), exitCode };
}

/**
 * Answers a command line.
 * @throws UserError with what is wrong; with --markdown that is in the comment instead
 */
export async function answer(options: PreviewOptions, out: Terminal, progress: Progress): Promise<Answer> {
  checkOptions(options);
  const { stack, base } = options;
  if (stack === undefined) return ofChange(base ?? "HEAD", options, out, progress);
  if (options.markdown !== true) return ofStack(stack, options, out, progress);
  const { markdown, exitCode } = await commented(stack, options, out, progress);
  return { text: markdown.trimEnd(), exitCode };
}
