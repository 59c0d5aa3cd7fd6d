/** Where things lie in a checkout. Everything the project makes at run time is under `.tokenrack/`. */
import { chmodSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";

/** The stack of a checkout: one, as its secrets, ports and state are one. Its file is Pulumi.local.yaml. */
export const stackName = "local";

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
  /** Ports that all checkouts of this user have chosen, a file for each. */
  readonly reservations: string;
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
    // Not os.tmpdir(): all checkouts must look at the same place, whatever TMPDIR says.
    reservations: `/tmp/tokenrack-ports-${process.getuid?.() ?? 0}`,
    run: (stack) => join(root, "run", stack),
  };
}

/** This checkout's: what every function here takes unless it is told another one. */
export const house = houseOf(resolve(__dirname, ".."));

/** Where the user stands: npm goes to the package's root before it runs a script. */
export function userDirectory(): string {
  return process.env["INIT_CWD"] ?? process.cwd();
}

/** Makes the root, closed to others, also when it was open: there are secrets in it. */
export function openHouse(at: House = house): void {
  mkdirSync(at.root, { recursive: true, mode: 0o700 });
  chmodSync(at.root, 0o700);
  mkdirSync(at.cache, { recursive: true });
}

/**
 * Removes all but the cache, also drafts that a killed command left behind: they may hold secrets.
 * @returns whether there was anything
 */
export function emptyHouse(at: House = house): boolean {
  // The lock is held by the caller, and drafts beside it belong to commands that try for it just now.
  const entries = readdirSync(at.root).filter((name) => name !== "cache" && !/^lock(\.|$)/.test(name));
  for (const name of entries) rmSync(join(at.root, name), { recursive: true, force: true });
  return entries.length > 0;
}
