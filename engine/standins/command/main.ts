import { serve } from "../serve";
import { localCommand } from "./localCommand";
import { Shell } from "./shell";

/**
 * Stand-in for the official `command` provider. Has `command:local:Command` only.
 * @see https://github.com/pulumi/pulumi-command/tree/v1.2.1/provider/pkg/provider
 */
const shell = new Shell();

void serve(
  {
    name: "command",
    version: "1.2.1",
    resources: { "command:local:Command": localCommand(shell) },
    cancel: () => shell.cancel(),
  },
  process.argv.slice(2),
);
