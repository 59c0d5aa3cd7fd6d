import type { Checkpoint } from "./checkpoint";
import { CliError } from "./engineCommand";
import { UserError } from "../config/errors";
import { nameOf } from "./events";
import type { Lock } from "./locks";
import { opens, type Passphrase } from "./stateDir";

/** An error that the engine reported while an operation ran. */
export interface Diagnostic {
  readonly message: string;
  readonly urn?: string;
}

export interface FailedOperation {
  /** up, preview, destroy ... */
  readonly verb: string;
  readonly error: unknown;
  /** What the program threw, if it did. */
  readonly programError: unknown;
  readonly diagnostics: readonly Diagnostic[];
  readonly aborted: boolean;
  readonly checkpoint: Checkpoint | undefined;
  /** `encryptionsalt` of the working copy. */
  readonly salt: string | undefined;
  readonly passphrase: Passphrase;
  readonly locks: readonly Lock[];
}

/**
 * The error to throw for an operation that failed, found by looking at what is there, not at the wording of Pulumi's
 * messages: an interruption, a killed engine, the program's own error, a passphrase that does not open the state, somebody else's lock,
 * else what the engine reported. An error that is not about a CLI run is a fault of ours, and stays as it is.
 */
export async function explainFailure(failed: FailedOperation): Promise<unknown> {
  if (!(failed.error instanceof CliError)) return failed.error;
  if (failed.aborted) {
    return new UserError(`${failed.verb}: interrupted. What was finished is saved; run it again to go on.`);
  }
  if (failed.error.signal !== null) {
    return new UserError(
      `${failed.verb}: the engine was ended from outside (${failed.error.signal}). ` +
        `Run it again: what was in flight is settled first.`,
    );
  }
  if (failed.programError !== undefined) return failed.programError;
  const closed = await firstClosed(failed);
  if (closed !== undefined) {
    return new UserError(
      `The passphrase from ${failed.passphrase.origin} does not open ${closed}. Nothing was changed.\n` +
        `Fix: use the passphrase that the stack was made with (PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE; ` +
        `without either, the file \`passphrase\` in the state folder is used).`,
    );
  }
  const lock = failed.locks[0];
  if (lock !== undefined) {
    return new UserError(
      `${failed.verb}: the stack is locked by pulumi process ${lock.pid} of ${lock.username}@${lock.hostname}, ` +
        `since ${lock.timestamp}.\nFix: wait until it ends and run again.`,
    );
  }
  if (failed.diagnostics.length === 0) return new UserError(failed.error.message);
  // Beside the resources' own errors the engine only says that there were some.
  const own = failed.diagnostics.filter(({ urn }) => urn !== undefined);
  const lines = (own.length > 0 ? own : failed.diagnostics).map(
    ({ urn, message }) => `  ${urn ? `${nameOf(urn)}: ` : ""}${indent(message)}`,
  );
  return new UserError(`${failed.verb} failed:\n${[...new Set(lines)].join("\n")}`);
}

/** What of the state and the config the passphrase does not open. */
async function firstClosed(failed: FailedOperation): Promise<string | undefined> {
  const salts: readonly (readonly [string, string | undefined])[] = [
    ["the state", failed.checkpoint?.salt],
    ["the secrets in the stack's settings", failed.salt],
  ];
  for (const [what, salt] of salts) {
    if (salt !== undefined && !(await opens(salt, failed.passphrase.read()))) return what;
  }
  return undefined;
}

function indent(message: string): string {
  return message.trim().replaceAll("\n", "\n    ");
}
