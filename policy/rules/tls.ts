/** TLS without a check is none: whoever stands between reads tokens, prompts and answers. */
import { at, kindOf, listAt, textAt, type PolicyResource, type Rule } from "../resource";

/** Providers get their inputs as JSON texts. */
const isTrue = (value: unknown): boolean => value === true || value === "true";

function ofProvider({ type, props }: PolicyResource): readonly string[] {
  if (type === "pulumi:providers:proxmoxve") {
    return [
      ...(isTrue(at(props, "insecure"))
        ? ["takes any certificate of Proxmox's API: give its CA as `platform.caCert`"]
        : []),
      ...(textAt(props, "endpoint").startsWith("http:") ? ["reaches Proxmox's API without TLS: write https"] : []),
    ];
  }
  const skips = /insecure-skip-tls-verify["']?\s*:\s*true/.test(textAt(props, "kubeconfig"));
  return type === "pulumi:providers:kubernetes" && skips
    ? ["takes any certificate of the cluster's API: give its CA in the kubeconfig"]
    : [];
}

function ofIngress(resource: PolicyResource): readonly string[] {
  if (kindOf(resource) !== "Ingress") return [];
  const { props } = resource;
  const covered = listAt(props, "spec", "tls").flatMap((one) => listAt(one, "hosts"));
  const open = listAt(props, "spec", "rules")
    .map((rule) => textAt(rule, "host"))
    .filter((host) => !covered.includes(host));
  const redirect = at(props, "metadata", "annotations", "nginx.ingress.kubernetes.io/ssl-redirect");
  return [
    ...[...new Set(open)].map(
      (host) => `serves ${host === "" ? "every name" : host} without TLS: add it under \`tls\``,
    ),
    ...(redirect === "false" ? ['answers without TLS: remove `ssl-redirect: "false"`'] : []),
  ];
}

/** Charts from a repository that nobody vouches for. */
const ofRelease = ({ props }: PolicyResource): readonly string[] =>
  textAt(props, "repositoryOpts", "repo").startsWith("http:") ? ["takes its chart without TLS: write https"] : [];

/** Connections without TLS, and with TLS that nobody checks. */
export const tlsRule: Rule = {
  name: "tls-verified",
  description: "Every certificate is checked, and nothing is served without TLS.",
  scope: "resource",
  check: (resources) =>
    resources.flatMap((resource) =>
      [
        ...ofProvider(resource),
        ...ofIngress(resource),
        ...(kindOf(resource) === "Release" ? ofRelease(resource) : []),
      ].map((message) => ({ name: resource.name, message })),
    ),
};
