/** The stack that runs in this checkout, for the commands that talk to it. */
import { UserError } from "../config/errors";
import { readChoices } from "./choices";
import { fetchAccessToken } from "../local/firstToken";
import { house, type House } from "./house";
import { firstUser, firstUserPassword } from "./secrets";

/** @throws UserError when no stack was started here */
export function runningStack(at: House = house): { gateway: string; password: string } {
  const port = readChoices(at)?.ports["gateway"];
  const password = firstUserPassword(at);
  if (port === undefined || password === undefined) {
    throw new UserError("no stack runs in this checkout\n  fix: run `npm start` first");
  }
  return { gateway: `http://127.0.0.1:${port}`, password };
}

/**
 * The gateway and an access token of the first user.
 * @throws UserError when no stack runs here, or its gateway gives no token
 */
export async function signIn(at: House = house): Promise<{ gateway: string; token: string }> {
  const { gateway, password } = runningStack(at);
  try {
    return { gateway, token: await fetchAccessToken(gateway, firstUser, password) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(
      `the gateway at ${gateway} gives no token\n  found: ${reason}\n  fix: run \`npm start\`: it repairs`,
    );
  }
}
