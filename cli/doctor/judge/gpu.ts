/** The driver and what comes with it, and the device plugin: the operands of GPU Operator and HAMi on every GPU node. */
import type { Finding, Judgement } from "../findings";
import type { KubeNode, KubePod } from "../look/objects";
import { nodesOf, type WantedPool } from "./nodes";
import { podFix, troublesOf, type Trouble } from "./pods";

/** What was seen of GPUs. */
export interface GpuFacts {
  /** Extended resource of one GPU: "nvidia.com/gpu". */
  readonly resource: string;
  /** Pools with GPUs. */
  readonly pools: readonly WantedPool[];
  readonly nodes: readonly KubeNode[];
  /** Pods of the namespaces in which the operands are. */
  readonly pods: readonly KubePod[];
  /** Those namespaces; empty where nodes bring all of it along (`gpu.mode: preinstalled`). */
  readonly namespaces: readonly string[];
}

/** The pods that offer GPUs to the kubelet, by their names in both charts. */
const plugin = /device-plugin|^hami-/;
/** Pods that nobody waits for: metrics and labels. */
const besides = /dcgm|feature-discovery|mig-manager|node-status-exporter/;
/** On every GPU node, once driver and container toolkit work there. @see GPU Operator, assets/state-operator-validation */
const validator = /operator-validator/;

const isPlugin = ({ metadata }: KubePod): boolean => plugin.test(metadata.name);

/** Operands on which GPUs depend, without the device plugin. */
export const driverPods = (pods: readonly KubePod[]): readonly KubePod[] =>
  pods.filter((pod) => !isPlugin(pod) && !besides.test(pod.metadata.name));
/** Device plugins, and HAMi's scheduler. */
export const pluginPods = (pods: readonly KubePod[]): readonly KubePod[] => pods.filter(isPlugin);

/** What to do about an operand, by its name: each of them fails for reasons of its own. */
function operandFix({ name, why, pod, namespace }: Trouble): string {
  const logs = `kubectl -n ${namespace} logs ${name} --all-containers`;
  if (/driver/.test(name)) {
    return podFix(
      why,
      `look at its last lines: headers of the node's kernel, secure boot, nouveau still loaded, or a driver that the node has itself (gpu.driver: node); ${logs}`,
    );
  }
  if (/toolkit/.test(name)) {
    return podFix(
      why,
      `containerd did not take its configuration: on the node, journalctl -u containerd; or a toolkit that the node has itself (gpu.toolkit: node); ${logs}`,
    );
  }
  if (/validator/.test(name)) {
    return podFix(
      why,
      `its first container that does not end names the part: driver-validation, toolkit-validation or cuda-validation; ${logs}`,
    );
  }
  return podFix(why, `kubectl -n ${namespace} describe pod ${pod.split("/")[1] ?? name}; ${logs}`);
}

const operandFinding = (trouble: Trouble): Finding => ({
  checked: `the operand ${trouble.pod}${trouble.node === "" ? "" : ` on ${trouble.node}`}`,
  found: trouble.why,
  expected: "it runs",
  fix: operandFix(trouble),
});

const gpuNodes = ({ pools, nodes }: GpuFacts): readonly string[] => [
  ...new Set(pools.flatMap((pool) => nodesOf(pool, nodes).map(({ metadata }) => metadata.name))),
];

/** Nodes on which the operator put nothing: a taint that it does not tolerate, or no card that it sees. */
function leftOut(facts: GpuFacts): readonly Finding[] {
  const there = new Set(
    facts.pods.filter(({ metadata }) => validator.test(metadata.name)).map(({ spec }) => spec.nodeName),
  );
  return gpuNodes(facts)
    .filter((name) => !there.has(name))
    .map((name) => ({
      checked: `GPU Operator's operands on ${name}`,
      found: "none",
      expected: "driver, toolkit and validator",
      fix: `on the node: lspci -d 10de: shows whether it has the card; kubectl get node ${name} --show-labels | grep nvidia.com/gpu.present; its taints must be those of the pool`,
    }));
}

/** Judges all below the device plugin. */
export function judgeDriver(facts: GpuFacts): Judgement {
  const { pods, namespaces } = facts;
  const troubles = troublesOf(driverPods(pods));
  const where = namespaces.join(", ");
  const empty: readonly Finding[] =
    pods.length > 0
      ? []
      : [
          {
            checked: `pods of GPU Operator in ${where}`,
            found: "none",
            expected: "the operator and its operands",
            fix: "pulumi up, which installs it",
          },
        ];
  const missing = pods.length === 0 ? [] : leftOut(facts);
  return {
    findings: [...empty, ...troubles.map(operandFinding), ...missing],
    seen: `${driverPods(pods).length - troubles.length} of ${driverPods(pods).length} operands run in ${where}`,
  };
}

const offered = ({ status }: KubeNode, resource: string): number => Number(status.allocatable[resource] ?? 0);

function poolFindings(pool: WantedPool, { nodes, resource }: GpuFacts): readonly Finding[] {
  return nodesOf(pool, nodes)
    .filter((node) => offered(node, resource) < pool.gpus)
    .map((node) => ({
      checked: `${resource} that ${node.metadata.name} of pool ${pool.name} offers`,
      found: String(offered(node, resource)),
      expected: String(pool.gpus),
      fix:
        offered(node, resource) === 0
          ? "look at the device plugin of that node; after a driver that came late it has to start again: delete its pod"
          : "correct the pool's gpusPerNode, or look for the card that is missing: on the node, nvidia-smi -L and dmesg | grep -i xid",
    }));
}

/** Judges whether all GPUs of the plan can be asked for. */
export function judgeDevicePlugin(facts: GpuFacts): Judgement {
  const { pools, nodes, pods, resource } = facts;
  const all = pools.flatMap((pool) => nodesOf(pool, nodes).map((node) => offered(node, resource)));
  const wanted = pools.reduce((sum, { count, gpus }) => sum + count * gpus, 0);
  const findings = [
    ...troublesOf(pluginPods(pods)).map(operandFinding),
    ...pools.flatMap((pool) => poolFindings(pool, facts)),
  ];
  return { findings, seen: `${all.reduce((sum, one) => sum + one, 0)} of ${wanted} ${resource} allocatable` };
}
