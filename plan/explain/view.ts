/** What is shown of a cluster: the part of a stack's plan, or of a what-if without a stack, that table and picture need. */
import type { Hardware } from "../cluster/hardware";
import type { ServingPlans } from "../cluster/types";
import type { Placement } from "../placement/types";
import type { ClusterPlan } from "../types";

/** Plain data. */
export interface ClusterView {
  /** Name of the stack; "what-if" without one. */
  readonly title: string;
  readonly hardware: Hardware;
  readonly serving: ServingPlans;
  readonly warnings: readonly string[];
  /** Which VM is on which host; absent where the nodes are there already. */
  readonly placement?: Placement;
}

/** What is shown of a stack's plan. */
export const viewOfPlan = (plan: ClusterPlan): ClusterView => ({
  title: plan.stack,
  hardware: plan.hardware,
  serving: plan.serving,
  warnings: plan.warnings,
  ...(plan.platform === "proxmox" ? { placement: plan.placement } : {}),
});

/** Every warning once, those of the stack first; where there are several models, with the model's name. */
export function allWarnings({ serving, warnings, placement }: ClusterView): readonly string[] {
  const { models } = serving;
  const own = models.flatMap(({ name, warnings: list }) =>
    list.map((warning) => (models.length === 1 || warning.includes(name) ? warning : `${name}: ${warning}`)),
  );
  return [...new Set([...warnings, ...(placement?.warnings ?? []), ...own])];
}
