/** The stack that runs in this checkout, for the commands that talk to it. */
import { UserError } from "../config/errors";
import { readChoices } from "./choices";
import { firstUserPassword } from "./secrets";

/** @throws UserError when no stack was started here */
export function runningStack(): { gateway: string; password: string } {
  const port = readChoices()?.ports["gateway"];
  const password = firstUserPassword();
  if (port === undefined || password === undefined) {
    throw new UserError("no stack runs in this checkout\n  fix: run `npm start` first");
  }
  return { gateway: `http://127.0.0.1:${port}`, password };
}
