import type { local, remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";

/**
 * The same command, with a `stdout` that is unknown for as long as it never ran. Where a stack is destroyed that got half way,
 * the engine answers for what was never made with neither id nor outputs, and the SDK takes those for known and undefined:
 * whatever reads them breaks, and the destroy with it.
 */
export function ran<C extends local.Command | remote.Command>(command: C): C {
  const stdout = pulumi.all([command.id, command.stdout]).apply(([, text]) => text);
  return Object.assign(command, { stdout });
}
