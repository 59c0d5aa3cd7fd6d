/** The rules as Pulumi runs them. */
import type { Policies, ReportViolation, ResourceValidationArgs, StackValidationArgs } from "@pulumi/policy";
import { unknownText, type PolicyResource, type Rule, type RuleConfig } from "./resource";
import { exposureRule } from "./rules/exposure";
import { gpuRequestRule } from "./rules/gpuRequests";
import { hostKeyRule } from "./rules/hostKeys";
import { imageRule } from "./rules/images";
import { networkPolicyRule } from "./rules/networkPolicies";
import { plainSecretRule } from "./rules/plainSecrets";
import { podSecurityRule } from "./rules/podSecurity";
import { protectionRule } from "./rules/protection";
import { rootTokenRule } from "./rules/rootToken";
import { tlsRule } from "./rules/tls";

/** Every rule. */
export const rules: readonly Rule[] = [
  imageRule,
  exposureRule,
  plainSecretRule,
  hostKeyRule,
  rootTokenRule,
  tlsRule,
  podSecurityRule,
  networkPolicyRule,
  protectionRule,
  gpuRequestRule,
];

/** What an `up` alone will know throws when it is read in a preview. */
function known(group: object, key: string): unknown {
  try {
    return plain(Reflect.get(group, key));
  } catch {
    return unknownText;
  }
}

/** Plain data of what Pulumi hands over. */
export function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Array.from({ length: value.length }, (_, index) => known(value, String(index)));
  return Object.fromEntries(Object.keys(value).map((key) => [key, known(value, key)]));
}

type Given = Pick<ResourceValidationArgs, "type" | "name" | "props" | "opts">;

const resourceOf = ({ type, name, props, opts }: Given): PolicyResource => {
  const data = plain(props);
  return { type, name, props: typeof data === "object" && data !== null ? { ...data } : {}, protect: opts.protect };
};

const configSchema = {
  properties: {
    gpus: { type: "integer" as const, minimum: 0 },
    pools: { type: "array" as const, items: { type: "string" as const } },
  },
};

function policyOf({ name, description, scope, check }: Rule): Policies[number] {
  const common = { name, description, configSchema };
  const report = (found: ReturnType<Rule["check"]>, say: ReportViolation): void => {
    for (const one of found) say(`${one.name}: ${one.message}`);
  };
  if (scope === "stack") {
    const validateStack = (args: StackValidationArgs, say: ReportViolation): void =>
      report(check(args.resources.map(resourceOf), args.getConfig<RuleConfig>()), say);
    return { ...common, validateStack };
  }
  const validateResource = (args: ResourceValidationArgs, say: ReportViolation): void =>
    report(check([resourceOf(args)], args.getConfig<RuleConfig>()), say);
  return { ...common, validateResource };
}

/** The rules as policies. */
export const policies: Policies = rules.map(policyOf);
