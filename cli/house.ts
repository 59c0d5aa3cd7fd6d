/** Where things lie in a checkout. Everything the project makes at run time is under `.tokenrack/`. */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";

const checkout = resolve(__dirname, "..");
const root = join(checkout, ".tokenrack");

/** Directories and files of this checkout. */
export const house = {
  checkout,
  root,
  /** Downloads, environments and builds: outlives `npm stop`. */
  cache: join(root, "cache"),
  /** Pulumi's backend, working copy and passphrase. */
  state: join(root, "state"),
  /** Secrets that were generated on the first run; readable by their owner alone. */
  secrets: join(root, "secrets.json"),
  /** Password of the first user, alone in a file, for curl. */
  password: join(root, "password"),
  /** Ports and model chosen on the command line or found free. */
  choices: join(root, "choices.json"),
  /** Held while a command changes the stack. */
  lock: join(root, "lock"),
  /** Files of a stack that runs. */
  run: (stack: string): string => join(root, "run", stack),
} as const;

/** Makes the root, closed to others: there are secrets in it. */
export function openHouse(): void {
  mkdirSync(house.root, { recursive: true, mode: 0o700 });
  mkdirSync(house.cache, { recursive: true });
}
