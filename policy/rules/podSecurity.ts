/** Pods as the level `restricted` of the Pod Security Standards takes them. */
import {
  at,
  containersOf,
  kindOf,
  listAt,
  podsIn,
  textAt,
  type Part,
  type PolicyResource,
  type Rule,
} from "../resource";

/** What these namespaces' pods do cannot be done without the host: drivers, device plugins, power limits. */
export const privilegedNamespaces: readonly string[] = ["gpu-operator", "hami-system"];

const level = "pod-security.kubernetes.io/enforce";

/** A pod's own setting, or a container's, which goes before. */
const setting = (pod: Part, container: Part, key: string): unknown =>
  at(container.value, "securityContext", key) ?? at(pod.value, "securityContext", key);

const isRestricted = (pod: Part, container: Part): readonly string[] => {
  const own = at(container.value, "securityContext");
  const profile = textAt(setting(pod, container, "seccompProfile"), "type");
  return [
    ...(setting(pod, container, "runAsNonRoot") === true ? [] : ["runAsNonRoot: true"]),
    ...(at(own, "allowPrivilegeEscalation") === false ? [] : ["allowPrivilegeEscalation: false"]),
    ...(listAt(own, "capabilities", "drop").includes("ALL") ? [] : ["capabilities.drop: [ALL]"]),
    ...(profile === "RuntimeDefault" || profile === "Localhost" ? [] : ["seccompProfile.type: RuntimeDefault"]),
    ...(at(own, "privileged") === true ? ["privileged: false"] : []),
  ];
};

/** What a pod shares with its host. */
const shared = ({ value }: Part): readonly string[] => [
  ...["hostNetwork", "hostPID", "hostIPC"].filter((key) => at(value, key) === true).map((key) => `${key}: false`),
  ...(listAt(value, "volumes").some((volume) => at(volume, "hostPath") !== undefined) ? ["no hostPath volume"] : []),
];

function ofNamespace({ name, props }: PolicyResource): readonly { name: string; message: string }[] {
  const namespace = textAt(props, "metadata", "name");
  if (privilegedNamespaces.includes(namespace)) return [];
  const found = at(props, "metadata", "labels", level);
  return found === "restricted"
    ? []
    : [{ name, message: `namespace ${namespace} needs the label ${level}: restricted` }];
}

/** Pods and namespaces below the level `restricted`. */
export const podSecurityRule: Rule = {
  name: "pods-restricted",
  description: `Pods hold to the level restricted, but in ${privilegedNamespaces.join(" and ")}, whose pods work on the host.`,
  scope: "resource",
  check: (resources) =>
    resources.flatMap((resource) => {
      if (kindOf(resource) === "Namespace") return ofNamespace(resource);
      if (privilegedNamespaces.includes(textAt(resource.props, "metadata", "namespace"))) return [];
      const needed = podsIn(resource).flatMap((pod) => [
        ...shared(pod),
        ...containersOf(pod).flatMap((container) => isRestricted(pod, container)),
      ]);
      return [...new Set(needed)].map((what) => ({ name: resource.name, message: `its pods need ${what}` }));
    }),
};
