/** A script on this machine that asks a cluster: what a provider cannot wait for, or cannot look at. */
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { ran } from "../ran";
import { commandOf, secretLines, stdinOf, type Script, type Settings, type Stage } from "../scripts";

/** A script, and what it needs. */
export interface ClusterScript {
  readonly script: Script;
  readonly stage: Stage;
  /** Shown in previews; a change of any runs it again. */
  readonly settings: Settings;
  /** Opens the cluster's API. Secret. */
  readonly kubeconfig: pulumi.Input<string>;
  /** Lines that come first on standard input: what is too long for a command line, which takes 128 KiB. @default none */
  readonly input?: readonly string[];
  /** Lines before the kubeconfig. Secret. @default none */
  readonly secrets?: Readonly<Record<string, pulumi.Input<string>>>;
  /** What has to be known before it runs. @default nothing */
  readonly after?: pulumi.Input<unknown>;
  /** A change of any runs it again, as a new resource. @default none */
  readonly triggers?: pulumi.Input<string>[];
}

/** Registers it. Progress is on stderr and shown as it comes; stdout is the result, and never a secret. */
export function clusterScript(
  name: string,
  { script, stage, settings, kubeconfig, input = [], secrets = {}, after = "", triggers }: ClusterScript,
  opts: pulumi.CustomResourceOptions,
): local.Command {
  const first = input.map((line) => `${line}\n`).join("");
  const stdin = pulumi
    .all([kubeconfig, pulumi.all(secrets), after])
    .apply(([text, lines]) => stdinOf(script, `${first}${secretLines(lines)}${text}`));
  const command = new local.Command(
    name,
    {
      create: commandOf(script, stage, settings),
      stdin: pulumi.secret(stdin),
      ...(triggers === undefined ? {} : { triggers }),
      logging: local.Logging.Stderr,
      addPreviousOutputInEnv: false,
    },
    opts,
  );
  return ran(command);
}
