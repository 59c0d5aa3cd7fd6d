/** A script's stages as a resource, on a host over SSH or on this machine. */
import { local, remote } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { ran } from "../ran";
import { commandOf, secretLines, stdinOf, type Script, type Settings, type Stage } from "../scripts";

/** A host over SSH, and what opens it. */
export interface SshHost {
  /** IPv4 address or name. */
  readonly address: string;
  /** Who logs in. */
  readonly user: string;
  /** Port of its SSH server. */
  readonly port: number;
  /** The host's public key as one line, known beforehand: another key refuses the connection before anything is sent. */
  readonly hostKey: pulumi.Input<string>;
  /** Private key (OpenSSH or PEM). Secret. */
  readonly privateKey: pulumi.Input<string>;
  /** Passphrase of `privateKey`, where it has one. Secret. */
  readonly passphrase?: pulumi.Input<string> | undefined;
}

/** What a host command is. */
export interface HostCommandArgs {
  /** @default this machine */
  readonly host?: SshHost | undefined;
  readonly script: Script;
  readonly create: { readonly stage: Stage; readonly settings: Settings };
  /** @default nothing is taken away */
  readonly remove?: { readonly stage: Stage; readonly settings: Settings } | undefined;
  /** What goes by standard input, by the names that the settings use; a change runs `create` again. @default none */
  readonly secrets?: Readonly<Record<string, pulumi.Input<string>>> | undefined;
  /** A change of any makes it anew: what it stood on is another one now. */
  readonly standsOn?: readonly pulumi.Input<string>[];
  /** What it prints is a secret: neither shown nor kept in the clear. @default false */
  readonly secretOutput?: boolean;
}

/** A resource that ran; the two kinds differ in where. */
export type HostCommand = local.Command | remote.Command;

function stdin({ script, secrets = {} }: HostCommandArgs): pulumi.Input<string> {
  if (Object.keys(secrets).length === 0) return stdinOf(script);
  return pulumi.secret(pulumi.output(secrets).apply((plain) => stdinOf(script, secretLines(plain))));
}

/** A minute of silence, or a few seconds of refusals, then it is told. */
const dial = { dialErrorLimit: 6, perDialTimeout: 10 } as const;

/**
 * Makes the resource. A changed setting runs `create` again, which every stage bears; a change of `standsOn` takes the old
 * one away first, as its `remove` would take away the new one.
 */
export function hostCommand(name: string, args: HostCommandArgs, opts: pulumi.CustomResourceOptions): HostCommand {
  const { script, create, remove, host, standsOn = [], secretOutput = false } = args;
  const inputs = {
    create: commandOf(script, create.stage, create.settings),
    ...(remove === undefined ? {} : { delete: commandOf(script, remove.stage, remove.settings) }),
    stdin: stdin(args),
    ...(standsOn.length === 0 ? {} : { triggers: [...standsOn] }),
    addPreviousOutputInEnv: false,
  };
  const options = pulumi.mergeOptions(opts, {
    deleteBeforeReplace: true,
    ...(secretOutput ? { additionalSecretOutputs: ["stdout", "stderr"] } : {}),
  });
  if (host === undefined) {
    const logging = secretOutput ? local.Logging.None : local.Logging.Stderr;
    return ran(new local.Command(name, { ...inputs, logging }, options));
  }
  const { address, user, port, hostKey, privateKey, passphrase } = host;
  const connection = {
    ...{ host: address, user, port, hostKey, privateKey: pulumi.secret(privateKey), ...dial },
    ...(passphrase === undefined ? {} : { privateKeyPassword: pulumi.secret(passphrase) }),
  };
  const logging = secretOutput ? remote.Logging.None : remote.Logging.Stderr;
  return ran(new remote.Command(name, { ...inputs, connection, logging }, options));
}

/**
 * The named ones of some secrets.
 * @throws InputPropertyError when one is not given
 */
export const pickSecrets = (
  secrets: Readonly<Record<string, pulumi.Input<string>>>,
  names: readonly string[],
): Readonly<Record<string, pulumi.Input<string>>> =>
  Object.fromEntries(
    [...new Set(names)].map((name) => {
      const value = secrets[name];
      if (value !== undefined) return [name, value];
      throw new pulumi.InputPropertyError({ propertyPath: `secrets.${name}`, reason: "it is needed and not given" });
    }),
  );
