/** A stack on a cluster that is there already. */
import { kubernetesMinorFloor } from "../catalog/versions";
import { ExistingCluster } from "../components";
import type { ExistingSecrets } from "../config/load";
import type { ExistingPlan } from "../plan/types";
import type { StackOutputs } from "./outputs";
import { followCluster } from "./stages";

/** Looks whether the cluster suits, and goes on with it. */
export function existingProgram(plan: ExistingPlan, secrets: ExistingSecrets): StackOutputs {
  const pools = plan.pools.map(({ name, count, gpusPerNode, labels }) => ({ name, count, gpusPerNode, labels }));
  const given = { cluster: plan.stack, kubeconfig: secrets.kubeconfig, minorFloor: kubernetesMinorFloor, pools };
  const cluster = new ExistingCluster("cluster", given);
  return {
    models: plan.serving.models.map(({ name }) => name),
    kubeconfig: cluster.kubeconfig,
    ready: cluster.ready,
    ...followCluster(plan, secrets, cluster),
  };
}
