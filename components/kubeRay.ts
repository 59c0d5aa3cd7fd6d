import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ArrowsPlan } from "../plan/stages/arrows";
import type { KubeRayPlan } from "../plan/stages/kubeRay";
import { kubeRayNamespace, kubeRayValues } from "../render/stages/kubeRay";
import { chartArgs } from "./kubernetes/chart";
import { clusterScript } from "./kubernetes/clusterScript";
import { closedNamespace } from "./kubernetes/namespace";
import type { PullSecret } from "./kubernetes/pullSecret";

/** Arguments of `KubeRay`. */
export interface KubeRayArgs {
  readonly kubeRay: KubeRayPlan;
  /** Who may talk to whom: closes its namespace. */
  readonly arrows: ArrowsPlan;
  /** What pods pull their images by, in its own namespace. @default none is made */
  readonly pullSecret?: PullSecret;
  /** Opens the cluster's API, for its definitions, which Helm does not upgrade. Secret. */
  readonly kubeconfig: pulumi.Input<string>;
}

/** Seconds that the operator gets to start: one small image on a fresh node. */
const patience = 600;

/**
 * KubeRay's operator with its definitions: stage 5 of the bring-up. The first bring-up installs both by Helm; a change of the
 * chart's version brings the definitions along, which needs `helm` and `kubectl` on this machine.
 */
export class KubeRay extends pulumi.ComponentResource {
  static readonly type = "tokenrack:index:KubeRay";

  /** Version of the chart; resolves once the operator runs. */
  readonly ready: pulumi.Output<string>;

  constructor(name: string, args: KubeRayArgs, opts?: pulumi.ComponentResourceOptions) {
    super(KubeRay.type, name, {}, opts);
    const { kubeRay, kubeconfig, ...closing } = args;
    const { chart, namespace } = kubeRay;
    const room = closedNamespace(name, { manifest: kubeRayNamespace(kubeRay), ...closing }, this);
    const { chart: where, repository = "", version = "" } = chart;
    const settings = { chart: where, repository, version, namespace };
    const upgrade = { script: "kubeRayCrds", stage: "upgrade", settings, kubeconfig } as const;
    const definitions = clusterScript(`${name}-definitions`, upgrade, { parent: this });
    const release = new k8s.helm.v3.Release(
      `${name}-operator`,
      {
        ...chartArgs(chart),
        name: "kuberay-operator",
        namespace,
        values: kubeRayValues(kubeRay),
        timeout: patience,
        atomic: true,
        cleanupOnFail: true,
      },
      { parent: this, dependsOn: [...room, definitions] },
    );
    this.ready = release.status.version;
    this.registerOutputs({ ready: this.ready });
  }
}
