import { join } from "node:path";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { shellQuote } from "../system/shell";

/** One verb of `local/main.ts` as a resource. */
export interface LocalCommandArgs {
  /** Verb that makes it, and makes it again on a changed input. */
  readonly create: string;
  /** Verb that takes it away. @default nothing is taken away */
  readonly delete?: string;
  /** Plain input; a change of it runs `create` again. Shown in previews. */
  readonly input: pulumi.Input<object>;
  /** Secret input, by stdin. */
  readonly secrets?: pulumi.Input<object>;
  /** A change of any replaces the resource: what it stood on is another one now. */
  readonly standsOn?: pulumi.Input<string>[];
}

/** The command line of a verb, for the shell. @param main where `local/main.ts` lies */
export const commandLine = (verb: string, main = join(__dirname, "..", "local", "main.ts")): string =>
  `node --import tsx ${shellQuote(main)} ${verb}`;

/** Makes the resource. Its working directory is the package's root, so that `tsx` is found wherever it is installed. */
export function localCommand(name: string, args: LocalCommandArgs, parent: pulumi.Resource): local.Command {
  return new local.Command(
    name,
    {
      create: commandLine(args.create),
      ...(args.delete === undefined ? {} : { delete: commandLine(args.delete) }),
      dir: join(__dirname, ".."),
      environment: { TOKENRACK_INPUT: pulumi.output(args.input).apply((input) => JSON.stringify(input)) },
      ...(args.secrets === undefined
        ? {}
        : { stdin: pulumi.secret(pulumi.output(args.secrets).apply((secrets) => JSON.stringify(secrets))) }),
      ...(args.standsOn === undefined ? {} : { triggers: args.standsOn }),
      // Progress is on stderr. stdout is the result and never a secret, but a failing command's output is shown whole.
      logging: local.Logging.Stderr,
      addPreviousOutputInEnv: false,
    },
    // Two Rays or gateways cannot hold one port: the old one goes first.
    { parent, deleteBeforeReplace: true },
  );
}

/** A field of a command's result. */
export function resultField(source: local.Command, field: string): pulumi.Output<string> {
  return source.stdout.apply((text) => {
    const value: unknown = Reflect.get(JSON.parse(text) as object, field);
    return String(value);
  });
}
