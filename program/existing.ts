/** A stack on a cluster that is there already. */
import { kubernetesMinorFloor } from "../catalog/versions";
import { ExistingCluster } from "../components";
import type { ExistingSecrets } from "../config/load";
import type { ExistingPlan } from "../plan/types";
import type { StackOutputs } from "./outputs";
import { followCluster } from "./stages";

/** A cluster that is there already, once it was looked at. */
export interface FoundCluster {
  readonly cluster: ExistingCluster;
  readonly outputs: StackOutputs;
}

/** Looks whether the cluster suits. */
export function existingCluster(plan: ExistingPlan, { kubeconfig }: Pick<ExistingSecrets, "kubeconfig">): FoundCluster {
  const pools = plan.pools.map(({ name, count, gpusPerNode, labels }) => ({ name, count, gpusPerNode, labels }));
  const { monitoring } = plan.stages;
  const given = {
    ...{ cluster: plan.stack, kubeconfig, minorFloor: kubernetesMinorFloor, pools },
    ...(monitoring === undefined ? {} : { monitoring }),
  };
  const cluster = new ExistingCluster("cluster", given);
  const models = plan.serving.models.map(({ name }) => name);
  return { cluster, outputs: { models, kubeconfig: cluster.kubeconfig, ready: cluster.ready } };
}

/** Stage 3, and what follows a cluster. */
export function existingProgram(plan: ExistingPlan, secrets: ExistingSecrets): StackOutputs {
  const { cluster, outputs } = existingCluster(plan, secrets);
  return { ...outputs, ...followCluster(plan, secrets, cluster) };
}
