import type { Client, ClientChannel } from "ssh2";
import type { Call } from "../../provider";
import { goQuote } from "../goText";
import type { RemoteInputs } from "../inputs";
import { Capture, type ShellOutput } from "../output";
import { dialWithRetry } from "./dial";

/** Where lines are shown: as they come, and to stay. */
type Screen = Pick<Call, "log" | "warn">;
/** What a session needs besides the command. */
export type RemoteOptions = Pick<
  RemoteInputs,
  "connection" | "stdin" | "environment" | "logging" | "addPreviousOutputInEnv"
>;

/** Runs commands over SSH, each on a connection of its own, and can end them all. */
export class RemoteShell {
  private readonly stopping = new AbortController();
  private readonly open = new Set<Client>();

  /**
   * Runs `command` to its end.
   * @throws Error with the text of the official plugin: `Process exited with status 3: running "<command>":\n<output>`
   */
  async run(command: string, options: RemoteOptions, previous: ShellOutput, screen: Screen): Promise<ShellOutput> {
    const client = await dialWithRetry(options.connection, screen.log, this.stopping.signal);
    this.open.add(client);
    // The session's end tells what happened to it; an error of the connection only comes beside it.
    client.on("error", () => undefined);
    try {
      const env = await environmentOf(client, options, previous, screen);
      const capture = new Capture(options.logging ?? "stdoutAndStderr", screen.log);
      const channel = await openSession(client, command, env);
      const failure = await this.runSession(channel, options.stdin ?? "", capture);
      if (failure === undefined) return capture.output();
      throw new Error(`${failure}: running ${goQuote(command)}:\n${capture.both()}`);
    } finally {
      this.open.delete(client);
      client.end();
    }
  }

  /** Ends every connection: sshd ends what runs in its session, as far as it can. */
  cancel(): void {
    this.stopping.abort();
    for (const client of this.open) client.destroy();
  }

  private runSession(channel: ClientChannel, stdin: string, capture: Capture): Promise<string | undefined> {
    capture.collect(channel, channel.stderr);
    return new Promise((resolve) => {
      let failure: string | undefined = "wait: remote command exited without exit status or exit signal";
      channel.on("exit", (code: number | null, signal?: string) => {
        failure = exitText(code, signal);
      });
      channel.on("close", () => resolve(failure));
      // A command need not read its input; a closed pipe is not a failure.
      channel.on("error", () => undefined);
      channel.end(stdin);
    });
  }
}

/** Numbers of the signals that SSH names. @see golang.org/x/crypto/ssh/session.go */
const SIGNALS: Readonly<Record<string, number>> = {
  ABRT: 6,
  ALRM: 14,
  FPE: 8,
  HUP: 1,
  ILL: 4,
  INT: 2,
  KILL: 9,
  PIPE: 13,
  QUIT: 3,
  SEGV: 11,
  TERM: 15,
};

function exitText(code: number | null, signal: string | undefined): string | undefined {
  if (signal === undefined) return code === 0 ? undefined : `Process exited with status ${code ?? "unknown"}`;
  const name = signal.replace(/^SIG/, "");
  return `Process exited with status ${128 + (SIGNALS[name] ?? 0)} from signal ${name}`;
}

function openSession(client: Client, command: string, env: Readonly<Record<string, string>>): Promise<ClientChannel> {
  return new Promise((resolve, reject) => {
    client.exec(command, { env: { ...env } }, (error, channel) => {
      if (error === undefined) resolve(channel);
      else reject(new Error(`ssh: command ${command} failed`));
    });
  });
}

/** The variables that the server takes. @throws Error for one of `environment` that it does not take */
async function environmentOf(
  client: Client,
  options: RemoteOptions,
  previous: ShellOutput,
  screen: Screen,
): Promise<Readonly<Record<string, string>>> {
  const own = options.environment ?? {};
  for (const name of Object.keys(own)) {
    if (await takesVariable(client, name)) continue;
    screen.warn(refusal(name));
    throw new Error(`could not set environment variable ${goQuote(name)}: ssh: setenv failed`);
  }
  const last: Record<string, string> = {};
  if (options.addPreviousOutputInEnv ?? true) {
    const outputs = { PULUMI_COMMAND_STDOUT: previous.stdout, PULUMI_COMMAND_STDERR: previous.stderr };
    for (const [name, value] of Object.entries(outputs)) {
      if (value === "") continue;
      if (await takesVariable(client, name)) last[name] = value;
      else screen.warn(refusal(name));
    }
  }
  return { ...own, ...last };
}

const refusal = (name: string): string =>
  `Unable to set '${name}'. This only works if your SSH server is configured to accept these variables via AcceptEnv. ` +
  `Alternatively, if a Bash-like shell runs the command on the remote host, you could prefix the command itself with ` +
  `the variables in the form 'VAR=value command'`;

/** Whether AcceptEnv lets a variable through. ssh2 does not tell the server's answer, so the variable is looked for there. */
async function takesVariable(client: Client, name: string): Promise<boolean> {
  const channel = await openSession(client, `test "\${${name}+set}" = set`, { [name]: "x" });
  return new Promise((resolve) => {
    channel.on("exit", (code: number | null) => resolve(code === 0));
    channel.on("close", () => resolve(false));
    channel.resume();
    channel.end();
  });
}
