/** The composition root: makes each component in bring-up order. One branch per platform. */
import type * as pulumi from "@pulumi/pulumi";
import { LocalGateway, LocalRay } from "./components";
import type { Secrets } from "./config/load";
import type { Plan } from "./plan/plan";

/** What a stack tells its user. */
export interface StackOutputs {
  /** Base URL of the OpenAI-compatible API; known once a token was generated through it. */
  readonly endpoint: pulumi.Output<string>;
  /** Served model names. */
  readonly models: readonly string[];
}

/** Registers every resource of the stack. Decides nothing: that is in the Plan. */
export function program(plan: Plan, secrets: Secrets): StackOutputs {
  const models = plan.models.map((model) => model.name);
  switch (plan.platform) {
    case "local": {
      const ray = new LocalRay("ray", { plan, rayToken: secrets.rayToken });
      const { signingKey, users, firstUserPassword } = secrets;
      const { deployed } = ray;
      const gateway = new LocalGateway("gateway", { plan, signingKey, users, firstUserPassword, deployed });
      return { endpoint: gateway.endpoint, models };
    }
  }
}
