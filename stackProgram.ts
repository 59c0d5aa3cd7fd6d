/** One run of the program: config -> plan -> resources. The same under `pulumi up` and under `npm start`. */
import { loadStack } from "./config/load";
import { factsFor } from "./local/facts";
import { makePlan } from "./plan/plan";
import { program, type StackOutputs } from "./program";

/**
 * Reads the configuration, makes the plan and registers the resources.
 * @throws ProfileError with every fault, before any resource is registered
 */
export function stackProgram(): StackOutputs {
  const { profile, secrets } = loadStack();
  return program(makePlan(profile, factsFor(profile, __dirname)), secrets);
}
