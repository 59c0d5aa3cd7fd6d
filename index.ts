import * as pulumi from "@pulumi/pulumi";
import { UserError } from "./config/errors";
import type { StackOutputs } from "./program";
import { stackProgram } from "./stackProgram";

/** A fault of the user's is printed as it stands; Pulumi adds a stack trace to any other error. */
function run(): StackOutputs {
  try {
    return stackProgram();
  } catch (error) {
    throw error instanceof UserError ? new pulumi.RunError(error.message) : error;
  }
}

const outputs = run();

// Pulumi leaves out what is undefined. What each one means: program/outputs.ts.
export const { endpoint, models, chat, kubeconfig, ready, gpus, firstTokens, inspections, masterHostKey } = outputs;
