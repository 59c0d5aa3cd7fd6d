import type { local } from "@pulumi/command";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { ChartPlan } from "../plan/stages/charts";
import type { GpuStackPlan } from "../plan/stages/gpuStack";
import { gpuNamespaces, gpuOperatorValues, hamiValues, powerLimit } from "../render/stages/gpuStack";
import type { JsonObject } from "../render/text";
import { chartArgs } from "./kubernetes/chart";
import { clusterScript } from "./kubernetes/clusterScript";
import { kubernetesObject } from "./kubernetes/object";
import { pullSecretIn, type PullSecret } from "./kubernetes/pullSecret";

/** Arguments of `GpuStack`. */
export interface GpuStackArgs {
  readonly gpuStack: GpuStackPlan;
  /** Image of the pods that keep power limits: any with a shell. */
  readonly image: string;
  /** Opens the cluster's API, to see whether the GPUs are there. Secret. */
  readonly kubeconfig: pulumi.Input<string>;
  /** What the operators' pods pull their images by. @default none is made */
  readonly pullSecret?: PullSecret;
}

/** Seconds that the operators get to start: their operands are waited for by the GPUs they bring. */
const patience = 900;

/**
 * What makes GPUs allocatable: stage 4 of the bring-up. NVIDIA's GPU Operator, HAMi beside it, or nothing where the nodes
 * came with all; then the GPUs are counted on every node, whoever brought them. A Helm release that succeeded says nothing
 * about them.
 */
export class GpuStack extends pulumi.ComponentResource {
  static readonly type = "tokenrack:index:GpuStack";

  /** GPUs of each pool as JSON (`{"w-gpu":3}`); resolves once all can be asked for. */
  readonly ready: pulumi.Output<string>;

  constructor(name: string, args: GpuStackArgs, opts?: pulumi.ComponentResourceOptions) {
    super(GpuStack.type, name, {}, opts);
    const { operator, hami } = args.gpuStack;
    const rooms = gpuNamespaces(args.gpuStack).flatMap((manifest) => {
      const called = `${name}-${manifest.metadata.name}`;
      const room = kubernetesObject(called, manifest, { parent: this });
      const opts = { parent: this, dependsOn: [room] };
      return [room, ...pullSecretIn(called, manifest.metadata.name, args.pullSecret, opts)];
    });
    const releases: pulumi.Resource[] = [];
    if (operator !== undefined)
      releases.push(this.release(`${name}-operator`, "gpu-operator", operator, gpuOperatorValues(operator), rooms));
    if (hami !== undefined)
      releases.push(this.release(`${name}-hami`, "hami", hami, hamiValues(hami), [...rooms, ...releases]));
    const check = this.waitForGpus(name, args, releases);
    if (operator !== undefined)
      for (const pool of args.gpuStack.pools)
        if (pool.powerLimitWatts !== undefined)
          kubernetesObject(`${name}-power-${pool.name}`, powerLimit(pool, operator.namespace, args.image, operator), {
            parent: this,
            dependsOn: [check],
          });
    this.ready = check.stdout;
    this.registerOutputs({ ready: this.ready });
  }

  private release(
    name: string,
    release: string,
    { chart, namespace }: { readonly chart: ChartPlan; readonly namespace: string },
    values: JsonObject,
    dependsOn: readonly pulumi.Resource[],
  ): k8s.helm.v3.Release {
    return new k8s.helm.v3.Release(
      name,
      { ...chartArgs(chart), name: release, namespace, values, timeout: patience, atomic: true, cleanupOnFail: true },
      { parent: this, dependsOn: [...dependsOn] },
    );
  }

  /** @param releases what it waits behind; a change of theirs counts the GPUs again */
  private waitForGpus(
    name: string,
    { gpuStack, kubeconfig }: GpuStackArgs,
    releases: readonly pulumi.Resource[],
  ): local.Command {
    const lines = gpuStack.pools.map(({ name: pool, count, allocatable, scheduling }) => {
      const selector = Object.entries(scheduling.nodeSelector).map(([key, value]) => `${key}=${value}`);
      return `${pool} ${count} ${allocatable} ${selector.join(",") || "-"}`;
    });
    const namespaces = [gpuStack.operator?.namespace, gpuStack.hami?.namespace].filter((one) => one !== undefined);
    const versions = [gpuStack.operator?.chart.version, gpuStack.hami?.chart.version].filter(
      (one) => one !== undefined,
    );
    const settings = {
      pools: lines.join("\n"),
      // As a path of kubectl's has it, whose dots are steps.
      resource: gpuStack.resource.replaceAll(".", "\\."),
      namespaces: namespaces.join(" "),
      // Another version brings its operands anew.
      versions: versions.join(" "),
      wait_seconds: String(gpuStack.readySeconds),
    };
    const time = `${gpuStack.readySeconds + 600}s`;
    return clusterScript(
      `${name}-gpus`,
      { script: "gpuWait", stage: "wait", settings, kubeconfig },
      { parent: this, dependsOn: [...releases], customTimeouts: { create: time, update: time } },
    );
  }
}
