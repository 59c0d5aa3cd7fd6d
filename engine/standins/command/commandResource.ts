import { randomBytes } from "node:crypto";
import type { Call, CheckFailure, StandInResource } from "../provider";
import { UNKNOWN, type Properties } from "../values";
import { commandDiff } from "./commandDiff";
import type { ShellOutput } from "./output";

/** The command lines that a command resource has. */
interface Lines {
  readonly create?: string | undefined;
  readonly update?: string | undefined;
  readonly delete?: string | undefined;
}

/** What local and remote commands do in their own ways. */
export interface CommandKind<Inputs extends Lines> {
  check(news: Properties): readonly CheckFailure[];
  /** @throws Error naming what does not fit */
  inputs(properties: Properties): Inputs;
  /** @throws Error naming what does not fit */
  state(properties: Properties): Inputs & ShellOutput;
  run(command: string, inputs: Inputs, last: ShellOutput, call: Call): Promise<ShellOutput>;
}

/**
 * A command as a resource: create runs `create`; an update runs `update`, or `create` again when there is none; delete
 * runs the `delete` of the state. Inputs keep their secret wrapping in the outputs, stdout and stderr never get one. A
 * preview runs nothing.
 */
export function commandResource<Inputs extends Lines>(kind: CommandKind<Inputs>): StandInResource {
  const run = (command: string | undefined, inputs: Inputs, last: ShellOutput, call: Call): Promise<ShellOutput> =>
    command === undefined ? Promise.resolve(last) : kind.run(command, inputs, last, call);

  return {
    check: (news) => kind.check(news),
    diff: commandDiff,
    async create(call, properties) {
      const id = `${call.name}${randomBytes(4).toString("hex")}`;
      if (call.preview) return { id, outputs: outputsOf(properties, { stdout: UNKNOWN, stderr: UNKNOWN }) };
      const inputs = kind.inputs(properties);
      const output = await run(inputs.create, inputs, { stdout: "", stderr: "" }, call);
      return { id, outputs: outputsOf(properties, output) };
    },
    async update(call, state, properties) {
      if (call.preview) return outputsOf(properties, { stdout: UNKNOWN, stderr: UNKNOWN });
      const inputs = kind.inputs(properties);
      const output = await run(inputs.update ?? inputs.create, inputs, kind.state(state), call);
      return outputsOf(properties, output);
    },
    async delete(call, state) {
      const last = kind.state(state);
      await run(last.delete, last, last, call);
    },
  };
}

function outputsOf(inputs: Properties, output: ShellOutput): Properties {
  return { ...inputs, stdout: output.stdout, stderr: output.stderr };
}
