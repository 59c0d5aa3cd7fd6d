import * as pulumi from "@pulumi/pulumi";
import type { local } from "@pulumi/command";
import type { MonitoringPlan } from "../plan/stages/monitoring";
import { monitoringDefinitions } from "../render/stages/monitoring/objects";
import type { ClusterOutputs } from "./clusterOutputs";
import { clusterScript } from "./kubernetes/clusterScript";

/** A node pool that has to be there. */
export interface ExpectedPool {
  readonly name: string;
  /** Nodes, at least. */
  readonly count: number;
  /** GPUs of one node that the plan counts on; 0 without. */
  readonly gpusPerNode: number;
  /** What marks its nodes. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Arguments of `ExistingCluster`. */
export interface ExistingClusterArgs {
  /** Name of the stack, for messages. */
  readonly cluster: string;
  /** The whole kubeconfig: a text, or another stack's output. Secret. */
  readonly kubeconfig: pulumi.Input<string>;
  /** Oldest minor version of Kubernetes 1 that suits. */
  readonly minorFloor: number;
  /** Nodes that have to be there, by the labels that mark them. */
  readonly pools: readonly ExpectedPool[];
  /** What will describe scraping and alerts: its kinds have to be known to the cluster. @default nothing will */
  readonly monitoring?: MonitoringPlan;
}

/**
 * A cluster that is there already: stage 3 of the bring-up. Changes nothing in it: looks whether the API answers, the version
 * suits, the kinds of `monitoring` are known, and the nodes that the plan counts on are there with their GPUs. GPUs of a node whose device plugin does not run yet
 * are counted later, by the stage that installs it.
 */
export class ExistingCluster extends pulumi.ComponentResource implements ClusterOutputs {
  static readonly type = "tokenrack:index:ExistingCluster";

  /** The given one; resolves once the cluster was found to suit. Secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /** The nodes of each pool as JSON; resolves with `kubeconfig`. */
  readonly ready: pulumi.Output<string>;
  /** Kubernetes' version, "v1.34.2". */
  readonly version: pulumi.Output<string>;

  constructor(name: string, args: ExistingClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super(ExistingCluster.type, name, {}, opts);
    const check = this.check(name, args);
    const found = check.stdout.apply((text) => JSON.parse(text) as { version: string; nodes: object });
    this.kubeconfig = pulumi.secret(pulumi.all([args.kubeconfig, check.stdout]).apply(([kubeconfig]) => kubeconfig));
    this.ready = found.apply(({ nodes }) => JSON.stringify(nodes));
    this.version = found.apply(({ version }) => version);
    this.registerOutputs({ kubeconfig: this.kubeconfig, ready: this.ready, version: this.version });
  }

  private check(
    name: string,
    { cluster, kubeconfig, minorFloor, pools, monitoring }: ExistingClusterArgs,
  ): local.Command {
    const lines = pools.map(({ name: pool, count, gpusPerNode, labels }) => {
      const selector = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
      return `${pool} ${count} ${gpusPerNode} ${selector.join(",") || "-"}`;
    });
    const kinds = monitoring === undefined ? [] : monitoringDefinitions(monitoring);
    const settings = {
      stack: cluster,
      floor: String(minorFloor),
      pools: lines.join("\n"),
      monitoring: monitoring?.kind ?? "none",
      kinds: kinds.join("\n"),
    };
    const check = { script: "existing", stage: "check", settings, kubeconfig } as const;
    return clusterScript(`${name}-check`, check, { parent: this });
  }
}
