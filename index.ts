import * as pulumi from "@pulumi/pulumi";
import { ProfileError } from "./config/errors";
import type { StackOutputs } from "./program";
import { stackProgram } from "./stackProgram";

/** A fault in the stack file is printed as it stands; Pulumi adds a stack trace to any other error. */
function run(): StackOutputs {
  try {
    return stackProgram();
  } catch (error) {
    throw error instanceof ProfileError ? new pulumi.RunError(error.message) : error;
  }
}

const outputs = run();

/** Base URL of the OpenAI-compatible API. */
export const endpoint = outputs.endpoint;
/** Served model names. */
export const models = outputs.models;
