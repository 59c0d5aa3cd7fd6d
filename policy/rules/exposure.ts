/** Ray's dashboard, client server and control store run whatever code they are sent: nobody outside may reach them. */
import {
  at,
  containersOf,
  groupsIn,
  kindOf,
  listAt,
  podsIn,
  textAt,
  type PolicyResource,
  type Rule,
} from "../resource";

/** Ports that are commands to the cluster, and the names that KubeRay gives them. */
const closed: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [8265, "Ray's dashboard and Jobs API (8265)"],
  ["dashboard", "Ray's dashboard and Jobs API (8265)"],
  [10_001, "Ray's client server (10001)"],
  ["client", "Ray's client server (10001)"],
  [6379, "the control store (6379)"],
  ["gcs-server", "the control store (6379)"],
  ["redis", "the control store (6379)"],
]);

/** A port may be written as a text. */
const closedAs = (port: unknown): string | undefined =>
  closed.get(port) ?? (typeof port === "string" ? closed.get(Number(port)) : undefined);

const found = (ports: readonly unknown[]): readonly string[] => ports.flatMap((port) => closedAs(port) ?? []);

function publicPorts(resource: PolicyResource): readonly string[] {
  const { props } = resource;
  const kind = kindOf(resource);
  if (kind === "Ingress")
    return found(groupsIn(props).flatMap(({ value }) => [at(value, "port", "number"), at(value, "port", "name")]));
  if (kind.endsWith("Route")) return found(groupsIn(props).map(({ value }) => at(value, "port")));
  const type = textAt(props, "spec", "type");
  if (kind === "Service" && (type === "LoadBalancer" || type === "NodePort"))
    return found(
      listAt(props, "spec", "ports").flatMap((one) => [at(one, "port"), at(one, "targetPort"), at(one, "name")]),
    );
  return [];
}

/** Pods that are reached by their node's own address. */
const nodePorts = (resource: PolicyResource): readonly string[] =>
  podsIn(resource).flatMap((pod) => {
    const ports = containersOf(pod).flatMap(({ value }) => listAt(value, "ports"));
    const host = at(pod.value, "hostNetwork") === true;
    return found(ports.map((one) => at(one, host ? "containerPort" : "hostPort")));
  });

/** KubeRay publishes the head by itself where it is told to. */
const ofRay = ({ props }: PolicyResource): readonly string[] =>
  groupsIn(props)
    .filter(({ path }) => path.endsWith("headGroupSpec"))
    .flatMap(({ value }) => {
      const type = textAt(value, "serviceType");
      const open = at(value, "enableIngress") === true || type === "LoadBalancer" || type === "NodePort";
      return open ? ["Ray's head with all its ports"] : [];
    });

/** Ingresses, routes, load balancers and node ports before a port that takes commands. */
export const exposureRule: Rule = {
  name: "ray-ports-closed",
  description: "No ingress, route, load balancer or node port leads to 8265, 10001 or 6379.",
  scope: "resource",
  check: (resources) =>
    resources.flatMap((resource) =>
      [...new Set([...publicPorts(resource), ...nodePorts(resource), ...ofRay(resource)])].map((what) => ({
        name: resource.name,
        message: `publishes ${what}, which runs what it is sent: use \`kubectl port-forward\``,
      })),
    ),
};
