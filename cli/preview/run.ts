/** `npm run preview`: what was asked for, as text, JSON or Markdown. */
import { ProfileError } from "../../config/errors";
import type { Progress } from "../../engine/progress";
import type { Terminal } from "../plan/run";
import { widthFor } from "../plan/terminal";
import { exitCodeOf } from "./changes";
import { lookAtHosts, type HostLook } from "./look";
import { markdownOf } from "./markdown";
import type { PreviewOptions } from "./options";
import { paintFor } from "./paint";
import { changesIn, prepare, preview, type Asked, type Prepared } from "./stack";
import type { Login } from "./ssh";
import { explainChanges } from "./text";

/** What came of a command. */
export interface Answer {
  /** For stdout, without the last line break. */
  readonly text: string;
  readonly exitCode: number;
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

/**
 * Answers a command line.
 * @throws UserError with what is wrong
 */
export async function answer(options: PreviewOptions, out: Terminal, progress: Progress): Promise<Answer> {
  const { stack, state } = options;
  const asked: Asked = {
    stack,
    stateFile: typeof state === "string" ? state : undefined,
    wanted: state !== false,
    progress,
  };
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
