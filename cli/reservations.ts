/**
 * Ports that the checkouts of one user have chosen. That nobody listens on a port does not make it free: another checkout
 * may be starting, and listen there a minute later.
 */
import { lstatSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../config/errors";
import { readChoices } from "./choices";
import { claim, namesLiving, textOf, thisProcess } from "./claim";
import { house, houseOf, type House } from "./house";

/** Checkout in a reservation, which is `<pid> <start time> <checkout>`. */
const checkoutIn = (text: string): string => text.split(" ").slice(2).join(" ");

/** A directory under /tmp is everybody's to make: ours it is only when it belongs to us. */
function open(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const stat = lstatSync(directory);
  if (stat.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & 0o077) === 0) return;
  throw new UserError(
    `the directory ${directory} is not ours alone\n  found: owner ${stat.uid}, mode ${(stat.mode & 0o777).toString(8)}\n  fix: remove it, and try again`,
  );
}

/** Whether a reservation stands: while the start that made it runs, and as long as its checkout keeps the port. */
function stands(text: string, port: number): boolean {
  if (namesLiving(text)) return true;
  const kept = readChoices(houseOf(checkoutIn(text)))?.ports ?? {};
  return Object.values(kept).includes(port);
}

/** Reserves a port for this checkout. @returns false when it is another one's */
export function reservePort(port: number, at: House = house): boolean {
  open(at.reservations);
  const isAnothers = (text: string): boolean => checkoutIn(text) !== at.checkout && stands(text, port);
  return claim(join(at.reservations, String(port)), `${thisProcess()} ${at.checkout}`, isAnothers);
}

/** Gives back what this checkout has reserved, but for the ports to keep. */
export function releasePorts(keep: readonly number[], at: House = house): void {
  open(at.reservations);
  for (const name of readdirSync(at.reservations)) {
    const file = join(at.reservations, name);
    if (!keep.includes(Number(name)) && checkoutIn(textOf(file)) === at.checkout) rmSync(file, { force: true });
  }
}
