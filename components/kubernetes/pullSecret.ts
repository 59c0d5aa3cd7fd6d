/** What opens the registries that a namespace's images come from. */
import * as pulumi from "@pulumi/pulumi";
import { pullSecretKey, pullSecretManifest } from "../../render/manifest";
import { kubernetesObject } from "./object";

/** A Secret that is made in each namespace of ours. */
export interface PullSecret {
  /** Its name: that of the plan's `pullSecret`. */
  readonly name: string;
  /** Text of a `config.json` of docker's, with logins. Secret. */
  readonly logins: pulumi.Input<string>;
}

/** Registers it in a namespace; nothing where somebody else puts it there, or nobody needs it. */
export function pullSecretIn(
  name: string,
  namespace: string,
  given: PullSecret | undefined,
  opts: pulumi.CustomResourceOptions,
): readonly pulumi.CustomResource[] {
  if (given === undefined) return [];
  const stringData = pulumi.secret({ [pullSecretKey]: given.logins });
  return [kubernetesObject(`${name}-pull-secret`, pullSecretManifest(given.name, namespace), opts, { stringData })];
}
