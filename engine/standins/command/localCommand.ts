import type { StandInResource } from "../provider";
import { commandResource } from "./commandResource";
import { checkLocal, localInputs, localState } from "./inputs";
import type { Shell } from "./shell";

/**
 * `command:local:Command` as the official plugin has it.
 * @see pulumi-command v1.2.1, provider/pkg/provider/local/commandController.go
 */
export const localCommand = (shell: Shell): StandInResource =>
  commandResource({
    check: checkLocal,
    inputs: localInputs,
    state: localState,
    run: (command, inputs, last, call) => shell.run(command, inputs, last, call.log),
  });
