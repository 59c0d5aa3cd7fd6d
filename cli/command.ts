/** How every command ends: 0, or 1 with one message. */
import pc from "picocolors";
import { UserError } from "../config/errors";
import { endOnSignals } from "./interrupt";

/**
 * Runs a command. A user's fault is printed as a message; anything else is our own mistake and shows where it happened.
 * Never returns a rejected promise.
 */
export async function runCommand(body: () => Promise<void>): Promise<void> {
  const leaveSignals = endOnSignals();
  try {
    await body();
  } catch (error) {
    if (error instanceof UserError) process.stderr.write(`${pc.red("error")} ${error.message}\n`);
    else
      process.stderr.write(
        `${pc.red("unexpected error")} ${error instanceof Error ? (error.stack ?? "") : String(error)}\n`,
      );
    process.exitCode = 1;
  } finally {
    leaveSignals();
  }
}
