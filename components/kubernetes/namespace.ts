/** A namespace that is closed before anything is in it. */
import type * as pulumi from "@pulumi/pulumi";
import type { ArrowsPlan } from "../../plan/stages/arrows";
import type { Manifest } from "../../render/manifest";
import { policiesOf } from "../../render/stages/networkPolicy";
import { kubernetesObject } from "./object";

/**
 * Registers the namespace, and its network policies in it.
 * @returns all of them: what goes into the namespace depends on them, so that no pod runs a moment without
 */
export function closedNamespace(
  name: string,
  { manifest, arrows }: { readonly manifest: Manifest; readonly arrows: ArrowsPlan },
  parent: pulumi.Resource,
): readonly pulumi.CustomResource[] {
  const namespace = kubernetesObject(`${name}-namespace`, manifest, { parent });
  const policies = policiesOf(arrows, manifest.metadata.name).map((policy) =>
    kubernetesObject(`${name}-policy-${policy.metadata.name}`, policy, { parent, dependsOn: [namespace] }),
  );
  return [namespace, ...policies];
}
