/** `--model`, which is kept from start to start. */
import { resolve } from "node:path";
import { UserError } from "../config/errors";
import { modelKind } from "../config/schema";
import { userDirectory } from "./house";

/** The model as given, a directory by its full path: it is meant from where the user stands, not from the checkout. */
export function givenModel(source: string): string {
  return modelKind(source) === "directory" ? resolve(userDirectory(), source) : source;
}

/**
 * Runs `body`; a user's fault from it names the model that an earlier `--model` left in force.
 * @param kept undefined: none is
 */
export async function namingKept<T>(kept: string | undefined, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (kept === undefined || !(error instanceof UserError)) throw error;
    const note = `  note: the model is ${kept}, from an earlier --model; another --model or \`npm stop\` ends that`;
    throw new UserError(`${error.message}\n${note}`, { cause: error });
  }
}
