import type { StandInResource } from "../../provider";
import { commandResource } from "../commandResource";
import { checkRemote, remoteInputs, remoteState } from "../inputs";
import type { RemoteShell } from "./remoteShell";

/**
 * `command:remote:Command` as the official plugin has it. An undo runs with the connection of the state.
 * @see pulumi-command v1.2.1, provider/pkg/provider/remote/commandController.go
 */
export const remoteCommand = (shell: RemoteShell): StandInResource =>
  commandResource({
    check: checkRemote,
    inputs: remoteInputs,
    state: remoteState,
    run: (command, inputs, last, call) => shell.run(command, inputs, last, call),
  });
