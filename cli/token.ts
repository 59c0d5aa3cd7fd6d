/** `npm run token`: an access token of the first user, alone on stdout, for pasting into other commands. */
import { fetchAccessToken } from "../local/firstToken";
import { runCommand } from "./command";
import { runningStack } from "./running";
import { firstUser } from "./secrets";

void runCommand(async () => {
  const { gateway, password } = runningStack();
  process.stdout.write(`${await fetchAccessToken(gateway, firstUser, password)}\n`);
});
