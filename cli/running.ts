/** The stack that runs in this checkout, for the commands that talk to it. */
import { UserError } from "../config/errors";
import { readChoices } from "./choices";
import { fetchAccessToken } from "../local/firstToken";
import { house, type House } from "./house";
import { firstUserPassword } from "./secrets";

/** @throws UserError when no stack was started here */
export function runningStack(at: House = house): { gateway: string; user: string; password: string } {
  const choices = readChoices(at);
  const port = choices?.ports["gateway"];
  const password = firstUserPassword(at);
  if (port === undefined || password === undefined) {
    throw new UserError("no stack runs in this checkout\n  fix: run `npm start` first");
  }
  return { gateway: `http://127.0.0.1:${port}`, user: choices?.firstUser ?? "admin", password };
}

/**
 * The gateway and an access token of the first user.
 * @throws UserError when no stack runs here, or its gateway gives no token
 */
export async function signIn(at: House = house): Promise<{ gateway: string; token: string }> {
  const { gateway, user, password } = runningStack(at);
  try {
    return { gateway, token: await fetchAccessToken(gateway, user, password) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(
      `the gateway at ${gateway} gives no token\n  found: ${reason}\n  fix: run \`npm start\`: it repairs`,
    );
  }
}
