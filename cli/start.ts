/** `npm start`: looks at Node and the platform, and only then loads what needs them. */
import { ProfileError } from "../config/errors";
import { runCommand } from "./command";
import { notReady, platformFaults } from "./platform";

void runCommand(async () => {
  const faults = platformFaults();
  if (faults.length > 0) throw new ProfileError(faults, notReady);
  // An import() takes Node's rules for ES modules, hence the extension.
  const { main } = await import("./bringUp.js");
  await main();
});
