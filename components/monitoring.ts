import * as pulumi from "@pulumi/pulumi";
import type { MonitoringPlan } from "../plan/stages/monitoring";
import { monitoringNamespace, monitoringObjects } from "../render/stages/monitoring/objects";
import { kubernetesObject } from "./kubernetes/object";

/** Arguments of `Monitoring`. */
export interface MonitoringArgs {
  readonly monitoring: MonitoringPlan;
}

/**
 * What Prometheus scrapes, what it tells, and what Grafana shows: stage 10 of the bring-up. The kinds of Prometheus Operator,
 * or Deckhouse's, have to be there. It waits for nothing that is scraped: an alert tells of what is not.
 */
export class Monitoring extends pulumi.ComponentResource {
  static readonly type = "tokenrack:index:Monitoring";

  /** How many objects there are; resolves once all are. */
  readonly ready: pulumi.Output<number>;

  constructor(name: string, { monitoring }: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    super(Monitoring.type, name, {}, opts);
    const namespace = kubernetesObject(`${name}-namespace`, monitoringNamespace(monitoring), { parent: this });
    const objects = monitoringObjects(monitoring).map((manifest) =>
      kubernetesObject(`${name}-${manifest.kind.toLowerCase()}-${manifest.metadata.name}`, manifest, {
        parent: this,
        dependsOn: [namespace],
      }),
    );
    this.ready = pulumi.all([namespace, ...objects].map(({ id }) => id)).apply((ids) => ids.length);
    this.registerOutputs({ ready: this.ready });
  }
}
