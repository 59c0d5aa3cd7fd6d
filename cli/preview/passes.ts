/** What a NetworkPolicy lets through, as sentences that can be compared. */
import * as z from "zod";

const selector = z.looseObject({ matchLabels: z.record(z.string(), z.string()).optional() });
const peer = z.looseObject({
  podSelector: selector.optional(),
  namespaceSelector: selector.optional(),
  ipBlock: z.looseObject({ cidr: z.string() }).optional(),
});
const ports = z.array(
  z.looseObject({ port: z.union([z.string(), z.number()]).optional(), protocol: z.string().optional() }),
);
const policy = z.looseObject({
  kind: z.literal("NetworkPolicy"),
  spec: z.looseObject({
    policyTypes: z.array(z.string()).optional(),
    ingress: z.array(z.looseObject({ from: z.array(peer).optional(), ports: ports.optional() })).optional(),
    egress: z.array(z.looseObject({ to: z.array(peer).optional(), ports: ports.optional() })).optional(),
  }),
});
type Peer = z.output<typeof peer>;

/** What of a policy is new and what is gone. */
export interface Passes {
  readonly opened: readonly string[];
  readonly closed: readonly string[];
}

const labelWords = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .filter(([key]) => key !== "app.kubernetes.io/part-of")
    .map(([key, value]) => (key === "app.kubernetes.io/component" ? value : `${key}=${value}`))
    .join(",") || "pods";

function peerWords({ podSelector, namespaceSelector, ipBlock }: Peer): string {
  if (ipBlock !== undefined) return ipBlock.cidr;
  const pods = podSelector === undefined ? "every pod" : labelWords(podSelector.matchLabels ?? {});
  if (namespaceSelector === undefined) return pods;
  const { "kubernetes.io/metadata.name": name, ...others } = namespaceSelector.matchLabels ?? {};
  if (name !== undefined) return `${pods} of namespace ${name}`;
  return Object.keys(others).length === 0
    ? `${pods} of every namespace`
    : `${pods} of namespaces ${labelWords(others)}`;
}

const portWords = (list: z.output<typeof ports> | undefined): readonly string[] =>
  list === undefined ? ["every port"] : list.map(({ port, protocol = "TCP" }) => `${protocol} ${port ?? "every port"}`);

/** One sentence for each peer and port. */
function sentences(inputs: unknown): readonly string[] | undefined {
  const found = policy.safeParse(inputs).data?.spec;
  if (found === undefined) return undefined;
  const { policyTypes = ["Ingress"], ingress = [], egress = [] } = found;
  const lines = (
    verb: string,
    peers: readonly Peer[] | undefined,
    list: z.output<typeof ports> | undefined,
  ): readonly string[] =>
    (peers?.map(peerWords) ?? ["everybody"]).flatMap((who) =>
      portWords(list).map((port) => `${verb} ${who} on ${port}`),
    );
  return [
    ...(policyTypes.includes("Ingress")
      ? ingress.flatMap((rule) => lines("in from", rule.from, rule.ports))
      : ["in from everybody"]),
    ...(policyTypes.includes("Egress")
      ? egress.flatMap((rule) => lines("out to", rule.to, rule.ports))
      : ["out to everybody"]),
  ];
}

/** Undefined for what is no policy, or was or will be none. */
export function passesOf(before: unknown, after: unknown): Passes | undefined {
  const [old, next] = [sentences(before), sentences(after)];
  if (old === undefined || next === undefined) return undefined;
  return {
    opened: [...new Set(next.filter((line) => !old.includes(line)))],
    closed: [...new Set(old.filter((line) => !next.includes(line)))],
  };
}
