/** Who can reach what: public names, Services, NetworkPolicies. */
import type { ResourceChange } from "../changes";
import { innerPorts, type Reach } from "../reach";
import { namesOf } from "../words";
import { danger, nothing, ofKind, reasonsOf, together, type Rule, type Told } from "./rule";

const ways = ["Ingress", "HTTPRoute", "TLSRoute", "GRPCRoute"];

/** Several objects open one name. */
const hostsOf = (changes: readonly ResourceChange[]): readonly string[] => [
  ...new Set(changes.flatMap(({ reach }) => reach?.hosts ?? [])),
];

const inner = (reach: Reach | undefined): readonly string[] => (reach === undefined ? [] : innerPorts(reach));

function opened(changes: readonly ResourceChange[], first: boolean): Told {
  const made = ofKind(changes, ways, ["create"]);
  const bad = changes
    .filter(({ op }) => op === "create")
    .flatMap((change) =>
      inner(change.reach).map((what) => danger("exposure", `${change.thing?.kind ?? ""} ${change.name} opens ${what}`)),
    );
  const hosts = hostsOf(made);
  const told = hosts.map((host) => `https://${host} is published`);
  if (first) return { dangers: bad, notes: told };
  return { dangers: [...bad, ...told.map((text) => danger("exposure", text))] };
}

const hostPath = /^spec\.(?:rules\[\d+\]\.host|hostnames\[\d+\])$/;

function moved(changes: readonly ResourceChange[]): Told {
  const pairs = new Map<string, string[]>();
  const others: ResourceChange[] = [];
  for (const change of ofKind(changes, ways, ["update", "replace"])) {
    const host = change.changed.find(({ path }) => hostPath.test(path));
    if (host === undefined) others.push(change);
    else {
      const key = `https://${String(host.before)} -> https://${String(host.after)}`;
      pairs.set(key, [...(pairs.get(key) ?? []), change.name]);
    }
  }
  return {
    dangers: [
      ...[...pairs].map(([words]) =>
        danger(
          "exposure",
          `public name ${words}: clients of the old one are cut off; the new one needs DNS and a certificate`,
        ),
      ),
      ...others.map((change) =>
        danger("exposure", `${change.thing?.kind ?? ""} ${change.name} changes: who can reach what`, reasonsOf(change)),
      ),
    ],
  };
}

/** Names that are published, moved and taken away. */
export const ingressRule: Rule = (changes, { first }) => {
  const gone = ofKind(changes, ways, ["delete"]);
  const hosts = hostsOf(gone);
  const what =
    hosts.length > 0 ? hosts.map((host) => `https://${host}`).join(", ") : namesOf(gone.map(({ name }) => name));
  const closed = gone.length === 0 ? nothing : { dangers: [danger("exposure", `${what} is published no more`)] };
  return together([opened(changes, first), moved(changes), closed]);
};

const outside = ["LoadBalancer", "NodePort"];

/** Services that are reached from outside, past the gateway. */
export const serviceRule: Rule = (changes) => ({
  dangers: ofKind(changes, ["Service"], ["create", "update", "replace"]).flatMap((change) => {
    const wanted = change.changed.find(({ path }) => path === "spec.type")?.after ?? change.reach?.serviceType;
    const type = outside.find((one) => one === wanted);
    if (type === undefined) return [];
    return [danger("exposure", `Service ${change.name} becomes a ${type}: it is reached past the ingress`)];
  }),
});

/** What closes the inside. */
export const policyRule: Rule = (changes) => {
  const policies = ofKind(changes, ["NetworkPolicy"], ["update", "replace", "delete"]);
  const namespaces = ofKind(changes, ["Namespace"], ["delete"]).map(({ stage }) => stage);
  const of = (test: (change: ResourceChange) => boolean): readonly ResourceChange[] => policies.filter(test);
  // With its namespace nothing is left to be closed.
  const gone = of(({ op, stage }) => op === "delete" && !namespaces.includes(stage));
  const anew = of(({ op }) => op === "replace");
  const list = (own: readonly ResourceChange[]): string => namesOf(own.map(({ name }) => name));
  return together([
    gone.length === 0
      ? nothing
      : { dangers: [danger("exposure", `NetworkPolicy ${list(gone)} deleted: what it closed is open`)] },
    anew.length === 0
      ? nothing
      : {
          dangers: [
            danger("exposure", `NetworkPolicy ${list(anew)} deleted and made anew: open in between`, [
              ...new Set(anew.flatMap(reasonsOf)),
            ]),
          ],
        },
    ...of(({ op }) => op === "update").map(({ name, passes }): Told => {
      const { opened: more = [], closed: less = [] } = passes ?? {};
      return {
        dangers: more.length === 0 ? [] : [danger("exposure", `NetworkPolicy ${name} lets more through`, more)],
        notes: less.length === 0 ? [] : [`NetworkPolicy ${name} no longer lets through: ${less.join("; ")}`],
      };
    }),
  ]);
};
