import { versions } from "../../../catalog/versions";
import { serve } from "../serve";
import { localCommand } from "./localCommand";
import { remoteCommand } from "./remote/remoteCommand";
import { RemoteShell } from "./remote/remoteShell";
import { Shell } from "./shell";

/**
 * Stand-in for the official `command` provider. Has `command:local:Command` and `command:remote:Command`.
 * @see https://github.com/pulumi/pulumi-command/tree/v1.2.1/provider/pkg/provider
 */
const shell = new Shell();
const remote = new RemoteShell();

void serve(
  {
    name: "command",
    version: versions.pluginCommand,
    resources: { "command:local:Command": localCommand(shell), "command:remote:Command": remoteCommand(remote) },
    cancel: async () => {
      remote.cancel();
      await shell.cancel();
    },
  },
  process.argv.slice(2),
);
