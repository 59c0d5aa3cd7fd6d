/** The composition root: makes each component in bring-up order. One room a platform, in `program/`. */
import { ProfileError } from "./config/errors";
import type { ExistingSecrets, ProxmoxSecrets, Secrets } from "./config/load";
import type { Plan } from "./plan/plan";
import { existingProgram } from "./program/existing";
import { localProgram } from "./program/local";
import type { StackOutputs } from "./program/outputs";
import { proxmoxProgram } from "./program/proxmox";

export type { StackOutputs } from "./program/outputs";

type AnySecrets = Secrets | ProxmoxSecrets | ExistingSecrets;

const isProxmox = (secrets: AnySecrets): secrets is ProxmoxSecrets => "proxmoxApiToken" in secrets;
const isExisting = (secrets: AnySecrets): secrets is ExistingSecrets => "kubeconfig" in secrets;

/**
 * Registers every resource of the stack. Decides nothing: that is in the Plan.
 * @throws ProfileError with all that the plan did without and a bring-up cannot
 * @throws UserError when something is absent that a plan does without and a bring-up does not
 * @throws TypeError when the secrets are another platform's: a caller's mistake
 */
export function program(plan: Plan, secrets: AnySecrets): StackOutputs {
  if (plan.platform === "local") return localProgram(plan, secrets);
  if (plan.unmet.length > 0) throw new ProfileError(plan.unmet);
  if (plan.platform === "proxmox" && isProxmox(secrets)) return proxmoxProgram(plan, secrets);
  if (plan.platform === "existing" && isExisting(secrets)) return existingProgram(plan, secrets);
  throw new TypeError(`secrets of another platform for a stack of kind ${plan.platform}`);
}
