/** Every rule over the stages after the cluster, in bring-up order. */
import type { ResourceChange } from "./changes";
import { ingressRule, policyRule, serviceRule } from "./rules/exposure";
import { gatewayConfigRule, gatewayPodsRule, hiddenSecretsRule, signingKeyRule, usersRule } from "./rules/gateway";
import { downloadRule, rayTokenRule, servedRule } from "./rules/models";
import { gpuOperatorRule, kubeRayRule, powerRule, releaseRule } from "./rules/operators";
import { together, type Known, type Rule, type Told } from "./rules/rule";
import { chatRule, monitoringRule, namespaceRule, volumeRule } from "./rules/volumes";

const rules: readonly Rule[] = [
  gpuOperatorRule,
  powerRule,
  kubeRayRule,
  releaseRule,
  volumeRule,
  namespaceRule,
  downloadRule,
  servedRule,
  rayTokenRule,
  gatewayPodsRule,
  gatewayConfigRule,
  signingKeyRule,
  hiddenSecretsRule,
  usersRule,
  ingressRule,
  serviceRule,
  policyRule,
  chatRule,
  monitoringRule,
];

/** What the stages after the cluster are in danger of, and what to know of them. */
export const toldOf = (changes: readonly ResourceChange[], known: Known): Told =>
  together(rules.map((rule) => rule(changes, known)));
