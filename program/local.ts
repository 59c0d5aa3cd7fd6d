/** A stack on this machine. */
import { LocalGateway, LocalRay } from "../components";
import type { Secrets } from "../config/load";
import type { LocalStackPlan } from "../plan/types";
import type { StackOutputs } from "./outputs";

/** Ray with the model, and the gateway before it. */
export function localProgram(plan: LocalStackPlan, secrets: Secrets): StackOutputs {
  const ray = new LocalRay("ray", { plan, rayToken: secrets.rayToken });
  const { signingKey, users, firstUserPassword } = secrets;
  const { deployed } = ray;
  const gateway = new LocalGateway("gateway", { plan, signingKey, users, firstUserPassword, deployed });
  return { endpoint: gateway.endpoint, models: plan.models.map((model) => model.name) };
}
