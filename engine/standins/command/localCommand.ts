import { randomBytes } from "node:crypto";
import type { Call, StandInResource } from "../provider";
import { UNKNOWN, type Properties } from "../values";
import { commandDiff } from "./commandDiff";
import { checkInputs, parseInputs, parseState, type CommandInputs } from "./inputs";
import type { Shell, ShellOutput } from "./shell";

/**
 * `command:local:Command` as the official plugin has it: create runs `create`; an update runs `update`, or `create`
 * again when there is none; delete runs the `delete` of the state. Inputs keep their secret wrapping in the outputs,
 * stdout and stderr never get one. A preview runs nothing.
 * @see pulumi-command v1.2.1, provider/pkg/provider/local/commandController.go
 */
export function localCommand(shell: Shell): StandInResource {
  const run = (
    command: string | undefined,
    call: Call,
    inputs: CommandInputs,
    last: ShellOutput,
  ): Promise<ShellOutput> =>
    command === undefined ? Promise.resolve(last) : shell.run(command, inputs, last, call.log);

  return {
    check: checkInputs,
    diff: commandDiff,
    async create(call, properties) {
      const id = `${call.name}${randomBytes(4).toString("hex")}`;
      if (call.preview) return { id, outputs: outputsOf(properties, { stdout: UNKNOWN, stderr: UNKNOWN }) };
      const inputs = parseInputs(properties);
      const output = await run(inputs.create, call, inputs, { stdout: "", stderr: "" });
      return { id, outputs: outputsOf(properties, output) };
    },
    async update(call, state, properties) {
      if (call.preview) return outputsOf(properties, { stdout: UNKNOWN, stderr: UNKNOWN });
      const inputs = parseInputs(properties);
      const output = await run(inputs.update ?? inputs.create, call, inputs, parseState(state));
      return outputsOf(properties, output);
    },
    async delete(call, state) {
      const last = parseState(state);
      await run(last.delete, call, last, last);
    },
  };
}

function outputsOf(inputs: Properties, output: ShellOutput): Properties {
  return { ...inputs, stdout: output.stdout, stderr: output.stderr };
}
