/** A namespace where nothing is closed is open: every pod of the cluster reaches every port of it. */
import { at, kindOf, listAt, podsIn, textAt, unknownText, type PolicyResource, type Rule } from "../resource";
import { privilegedNamespaces } from "./podSecurity";

const namespaceOf = ({ props }: PolicyResource): string =>
  textAt(props, "metadata", "namespace") || textAt(props, "namespace");

/** Whether a policy closes its whole namespace, both ways. */
function closesAll({ props }: PolicyResource): boolean {
  const selector = at(props, "spec", "podSelector");
  const types = listAt(props, "spec", "policyTypes");
  const none = typeof selector === "object" && selector !== null && Object.keys(selector).length === 0;
  const rules = [...listAt(props, "spec", "ingress"), ...listAt(props, "spec", "egress")];
  return none && types.includes("Ingress") && types.includes("Egress") && rules.length === 0;
}

/** Namespaces of objects that others read, beside the one that is served from: no pod runs in them. */
const withoutPods = /-monitoring$/;

/** Where pods of the stack are, and who says so. Where a chart goes a preview may not know: its namespace is told of itself. */
function namespacesOf(resources: readonly PolicyResource[]): ReadonlyMap<string, string> {
  const made = resources
    .filter((one) => kindOf(one) === "Namespace")
    .map((one) => [textAt(one.props, "metadata", "name"), one.name] as const);
  const used = resources
    .filter((one) => podsIn(one).length > 0)
    .map((one) => [namespaceOf(one) || "default", one.name] as const);
  return new Map([...used, ...made].filter(([namespace]) => namespace !== "" && namespace !== unknownText));
}

/** Not asked of namespaces whose pods share the host's network: no policy holds there. */
export const networkPolicyRule: Rule = {
  name: "namespaces-closed",
  description: "Every namespace has a NetworkPolicy that closes all pods both ways, besides those that open.",
  scope: "stack",
  check: (resources) => {
    const closed = resources.filter((one) => kindOf(one) === "NetworkPolicy" && closesAll(one)).map(namespaceOf);
    const excepted = [...closed, ...privilegedNamespaces];
    return [...namespacesOf(resources)]
      .filter(([namespace]) => !excepted.includes(namespace) && !withoutPods.test(namespace))
      .map(([namespace, name]) => ({
        name,
        message: `namespace ${namespace} has no NetworkPolicy that closes it: add one with an empty podSelector, both policyTypes and no rules`,
      }));
  },
};
