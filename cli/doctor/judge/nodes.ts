/** Whether the API answers, and the nodes are there and well. */
import type { Finding, Judgement } from "../findings";
import type { KubeNode } from "../look/objects";

/** Nodes that have to be there. */
export interface WantedPool {
  readonly name: string;
  readonly count: number;
  /** What marks its nodes. */
  readonly labels: Readonly<Record<string, string>>;
  /** GPUs, or shares of them, that one node has to offer; 0 without. */
  readonly gpus: number;
}

/** What was seen of the API and the nodes. */
export interface NodeFacts {
  /** Why the API gave no answer; absent where it did. */
  readonly silent?: string;
  /** "v1.34.2"; empty where the API did not say. */
  readonly version: string;
  /** Oldest minor version of Kubernetes 1 that suits. */
  readonly minorFloor: number;
  readonly pools: readonly WantedPool[];
  readonly nodes: readonly KubeNode[];
}

/** The nodes of a pool. */
export const nodesOf = ({ labels }: WantedPool, nodes: readonly KubeNode[]): readonly KubeNode[] =>
  nodes.filter(({ metadata }) => Object.entries(labels).every(([key, value]) => metadata.labels[key] === value));

/** Undefined where the kubelet is well. */
export function unwell({ status }: KubeNode): string | undefined {
  const ready = status.conditions.find(({ type }) => type === "Ready");
  if (ready?.status !== "True") {
    return `not Ready (${[ready?.reason, ready?.message].filter((text) => text).join(": ") || "no word of its kubelet"})`;
  }
  const pressed = status.conditions.filter(({ type, status: is }) => type.endsWith("Pressure") && is === "True");
  return pressed.length === 0 ? undefined : pressed.map(({ type, message }) => `${type}: ${message}`).join("; ");
}

const labelWords = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",") || "any label";

function silence(said: string): Finding {
  const checked = "Kubernetes' API, at /readyz";
  const expected = "ok";
  if (/Unauthorized|Forbidden|forbidden|provide credentials|must be logged in/.test(said)) {
    const fix = "the kubeconfig is another cluster's, or its credentials have run out: take a new one";
    return { checked, found: said, expected, fix };
  }
  if (/x509|certificate/.test(said)) {
    const fix =
      "the kubeconfig has another cluster's CA, or the API shows another name: compare with the masters' /etc/kubernetes/pki/ca.crt";
    return { checked, found: said, expected, fix };
  }
  const fix =
    "check the way to the address in the kubeconfig, that the masters run, and etcd and kube-apiserver on them";
  return { checked, found: said, expected, fix };
}

function poolFindings(pool: WantedPool, nodes: readonly KubeNode[]): readonly Finding[] {
  const mine = nodesOf(pool, nodes);
  const sick = mine.flatMap((node) => {
    const why = unwell(node);
    return why === undefined ? [] : [{ name: node.metadata.name, why }];
  });
  const findings = sick.map(({ name, why }) => ({
    checked: `node ${name} of pool ${pool.name}`,
    found: why,
    expected: "Ready, and room for pods",
    fix: `kubectl describe node ${name}; on it: journalctl -u kubelet -u containerd, df -h`,
  }));
  if (mine.length >= pool.count) return findings;
  const found = mine.length === 0 ? "none" : `${mine.length} (${mine.map(({ metadata }) => metadata.name).join(", ")})`;
  const fix =
    "correct the pool's labels or count, or add the node; kubectl get nodes --show-labels shows what there is";
  const checked = `nodes of pool ${pool.name}, by ${labelWords(pool.labels)}`;
  return [...findings, { checked, found, expected: `${pool.count}`, fix }];
}

function versionFinding({ version, minorFloor }: NodeFacts): readonly Finding[] {
  const minor = Number(/^v1\.(\d+)/.exec(version)?.[1] ?? 0);
  if (minor >= minorFloor) return [];
  const found = version === "" ? "no version" : version;
  return [{ checked: "Kubernetes", found, expected: `1.${minorFloor} or newer`, fix: "upgrade the cluster" }];
}

/** Judges the API and the nodes. */
export function judgeNodes(facts: NodeFacts): Judgement {
  const { silent, pools, nodes, version } = facts;
  if (silent !== undefined) return { findings: [silence(silent)], seen: "the API does not answer" };
  const findings = [...versionFinding(facts), ...pools.flatMap((pool) => poolFindings(pool, nodes))];
  const counts = pools.map(
    (pool) => `${pool.name} ${nodesOf(pool, nodes).filter((one) => unwell(one) === undefined).length} of ${pool.count}`,
  );
  return { findings, seen: `Kubernetes ${version}; nodes: ${counts.join(", ") || String(nodes.length)}` };
}
