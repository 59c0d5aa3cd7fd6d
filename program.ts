/** The composition root: makes each component in bring-up order. One branch per platform. */
import type * as pulumi from "@pulumi/pulumi";
import { LocalGateway, LocalRay } from "./components";
import { UserError } from "./config/errors";
import type { Secrets } from "./config/load";
import type { Plan } from "./plan/plan";

/** What a stack tells its user. */
export interface StackOutputs {
  /** Base URL of the OpenAI-compatible API; known once a token was generated through it. */
  readonly endpoint: pulumi.Output<string>;
  /** Served model names. */
  readonly models: readonly string[];
}

/** A plan that can be made, and nothing yet that brings it up. */
const notYet = (stack: string, platform: string): UserError =>
  new UserError(
    `stack ${stack} is of kind ${platform}, which this version plans but does not bring up\n` +
      `  fix: \`npm run plan -- --stack ${stack}\` shows its plan; \`npm start\` brings up a stack of kind local`,
  );

/**
 * Registers every resource of the stack. Decides nothing: that is in the Plan.
 * @throws UserError when there is no bring-up for the platform
 */
export function program(plan: Plan, secrets: Secrets): StackOutputs {
  switch (plan.platform) {
    case "local": {
      const ray = new LocalRay("ray", { plan, rayToken: secrets.rayToken });
      const { signingKey, users, firstUserPassword } = secrets;
      const { deployed } = ray;
      const gateway = new LocalGateway("gateway", { plan, signingKey, users, firstUserPassword, deployed });
      return { endpoint: gateway.endpoint, models: plan.models.map((model) => model.name) };
    }
    case "proxmox":
    case "existing":
      throw notYet(plan.stack, plan.platform);
  }
}
