/** What the stages after the cluster are planned from, and what each of them takes. */
import type { Fault } from "../../config/errors";
import type { ClusterProfile } from "../../config/schema";
import type { Hardware } from "../cluster/hardware";
import type { ServingPlans } from "../cluster/types";
import type { DeckhouseInput } from "../deckhouse/types";
import type { PoolPlan } from "../types";

/** What every stage is planned from. */
export interface StageInput {
  readonly profile: ClusterProfile;
  readonly pools: readonly PoolPlan[];
  /** The GPUs there are, with the pools they are in. */
  readonly hardware: Hardware;
  readonly serving: ServingPlans;
  /** Only on Proxmox: what Deckhouse does on the nodes. */
  readonly deckhouse?: DeckhouseInput;
}

/** What a stage's planner answers. A stage with faults has a plan all the same, so that all faults are told at once. */
export interface Staged<Plan> {
  readonly plan: Plan;
  readonly faults: readonly Fault[];
  /** What a plan can do without and a bring-up cannot, such as a name of one's own. @default none */
  readonly unmet?: readonly Fault[];
  readonly warnings: readonly string[];
}

/** A pod's toleration. */
export interface Toleration {
  readonly key: string;
  readonly operator: "Equal" | "Exists";
  readonly value?: string;
  readonly effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

/** Which nodes a pod may run on. Rendered from the pools' own labels and taints, so that the two cannot differ. */
export interface Scheduling {
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly Toleration[];
}
