/** One script on one host over SSH, within a time; the host's key is checked before anything is sent that proves who we are. */
import { Client, type ConnectConfig } from "ssh2";
import { parseHostKey } from "../../engine/standins/command/remote/keys";
import type { HostSsh } from "../../plan/hosts";

/** What opens a host. */
export interface Login {
  /** Private key (OpenSSH or PEM), and its passphrase where it has one. */
  readonly privateKey?: string | undefined;
  readonly passphrase?: string | undefined;
  /** Socket of an SSH agent. */
  readonly agent?: string | undefined;
}

/** One run. */
export interface Script {
  readonly command: string;
  readonly stdin: string;
}

/** Longest text of an answer, in bytes: a host that writes without end must not fill this machine. */
const mostBytes = 4 * 2 ** 20;

/** What went wrong, told apart by what to do about it. */
export class SshError extends Error {
  override readonly name = "SshError";

  constructor(
    readonly reason: "host key" | "login" | "unreachable" | "silent" | "script",
    message: string,
  ) {
    super(message);
  }
}

function reasonOf(error: Error & { readonly level?: string }): SshError {
  if (error.level === "client-authentication") return new SshError("login", "the key is not taken");
  if (/Host denied|no matching host key/i.test(error.message)) {
    return new SshError("host key", "another host key than the stack file has");
  }
  return new SshError("unreachable", error.message);
}

function config(ssh: Required<HostSsh>, { privateKey, passphrase, agent }: Login, ms: number): ConnectConfig {
  const expected = parseHostKey(ssh.hostKey);
  const given: ConnectConfig = {
    ...{ host: ssh.address, port: ssh.port, username: ssh.user, readyTimeout: ms },
    hostVerifier: (key: Buffer) => key.equals(expected.bytes),
    ...(privateKey === undefined ? {} : { privateKey }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(agent === undefined ? {} : { agent }),
  };
  const type = expected.type;
  return isHostKeyType(type) ? { ...given, algorithms: { serverHostKey: [type] } } : given;
}

/** The types that a stack file may name. */
const hostKeyTypes = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"] as const;
const isHostKeyType = (type: string): type is (typeof hostKeyTypes)[number] =>
  hostKeyTypes.some((known) => known === type);

/**
 * Runs a script to its end.
 * @param ms bound of all of it
 * @returns what it wrote to stdout
 * @throws SshError
 */
export function runScript(ssh: Required<HostSsh>, login: Login, script: Script, ms: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const client = new Client();
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      client.destroy();
      settle();
    };
    const fail = (error: SshError): void => end(() => reject(error));
    const timer = setTimeout(() => fail(new SshError("silent", `no answer within ${ms / 1000} s`)), ms);
    client.on("error", (error) => fail(reasonOf(error)));
    client.on("close", () => fail(new SshError("unreachable", "the host closed the connection")));
    client.on("ready", () => {
      client.exec(script.command, (error, channel) => {
        if (error !== undefined) return fail(new SshError("script", error.message));
        let [stdout, stderr] = ["", ""];
        const take = (text: Buffer): string => text.toString("utf8");
        channel.on("data", (text: Buffer) => {
          stdout += take(text);
          if (stdout.length > mostBytes) fail(new SshError("script", "more text than an answer has"));
        });
        channel.stderr.on("data", (text: Buffer) => (stderr = (stderr + take(text)).slice(-mostBytes)));
        let code: number | null = null;
        channel.on("exit", (status: number | null) => (code = status));
        channel.on("close", () => {
          if (code === 0) return end(() => resolve(stdout));
          const last = stderr.trim().split("\n").at(-1) ?? "";
          fail(new SshError("script", `status ${code ?? "unknown"}${last === "" ? "" : `: ${last}`}`));
        });
        // A script need not read its input; a closed pipe is not a failure.
        channel.on("error", () => undefined);
        channel.end(script.stdin);
      });
    });
    try {
      client.connect(config(ssh, login, ms));
    } catch (error) {
      // A key that cannot be read: the message tells nothing of it.
      fail(new SshError("login", error instanceof Error ? error.message : "the key cannot be read"));
    }
  });
}
