/** A namespace that is closed before anything is in it. */
import type * as pulumi from "@pulumi/pulumi";
import type { ArrowsPlan } from "../../plan/stages/arrows";
import type { Manifest } from "../../render/manifest";
import { policiesOf } from "../../render/stages/networkPolicy";
import { kubernetesObject } from "./object";
import { pullSecretIn, type PullSecret } from "./pullSecret";

/** A namespace as it is closed. */
export interface Closing {
  readonly manifest: Manifest;
  /** Who may talk to whom in it. */
  readonly arrows: ArrowsPlan;
  /** What its pods pull their images by. @default none is made */
  readonly pullSecret?: PullSecret;
}

/**
 * Registers the namespace, and its network policies in it.
 * @returns all of them: what goes into the namespace depends on them, so that no pod runs a moment without
 */
export function closedNamespace(
  name: string,
  { manifest, arrows, pullSecret }: Closing,
  parent: pulumi.Resource,
): readonly pulumi.CustomResource[] {
  const namespace = kubernetesObject(`${name}-namespace`, manifest, { parent });
  const policies = policiesOf(arrows, manifest.metadata.name).map((policy) =>
    kubernetesObject(`${name}-policy-${policy.metadata.name}`, policy, { parent, dependsOn: [namespace] }),
  );
  const pull = pullSecretIn(name, manifest.metadata.name, pullSecret, { parent, dependsOn: [namespace] });
  return [namespace, ...policies, ...pull];
}
