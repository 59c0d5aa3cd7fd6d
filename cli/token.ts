/** `npm run token`: an access token of the first user, alone on stdout, for pasting into other commands. */
import { runCommand } from "./command";
import { signIn } from "./running";

void runCommand(async () => {
  process.stdout.write(`${(await signIn()).token}\n`);
});
