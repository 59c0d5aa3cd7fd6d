/** Where things lie in a checkout. Everything the project makes at run time is under `.tokenrack/`. */
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";

/** Directories and files of a checkout. */
export interface House {
  readonly checkout: string;
  readonly root: string;
  /** Downloads, environments and builds: outlives `npm stop`. */
  readonly cache: string;
  /** Pulumi's backend, working copy and passphrase. */
  readonly state: string;
  /** Secrets that were generated on the first run; readable by their owner alone. */
  readonly secrets: string;
  /** Password of the first user, alone in a file, for curl. */
  readonly password: string;
  /** Ports and model chosen on the command line or found free. */
  readonly choices: string;
  /** Held while a command changes the stack. */
  readonly lock: string;
  /** Files of a stack that runs. */
  readonly run: (stack: string) => string;
}

/** The house of a checkout. */
export function houseOf(checkout: string): House {
  const root = join(checkout, ".tokenrack");
  return {
    checkout,
    root,
    cache: join(root, "cache"),
    state: join(root, "state"),
    secrets: join(root, "secrets.json"),
    password: join(root, "password"),
    choices: join(root, "choices.json"),
    lock: join(root, "lock"),
    run: (stack) => join(root, "run", stack),
  };
}

/** This checkout's: what every function here takes unless it is told another one. */
export const house = houseOf(resolve(__dirname, ".."));

/** Makes the root, closed to others: there are secrets in it. */
export function openHouse(at: House = house): void {
  mkdirSync(at.root, { recursive: true, mode: 0o700 });
  mkdirSync(at.cache, { recursive: true });
}
