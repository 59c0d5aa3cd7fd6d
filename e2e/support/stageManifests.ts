/** Every object of the stages after the cluster, for tests that hold all of them against something. */
import { formatFault } from "../../config/errors";
import { planStages } from "../../plan/stages";
import type { StageInput } from "../../plan/stages/types";
import { bundle } from "../../program/bundles";
import type { Manifest } from "../../render/manifest";
import { stageObjects } from "../../render/stages/everything";

/**
 * The objects of a stack, namespaces first.
 * @throws Error when its stages have faults, as no such stack is ever brought up
 */
export function stageManifests(input: StageInput): readonly Manifest[] {
  const { plan, faults } = planStages(input);
  if (faults.length > 0) throw new Error(faults.map(formatFault).join("\n"));
  return stageObjects(plan, { download: bundle("download"), gateway: bundle("gateway") });
}
