/**
 * The mark of a rack, in the name of everything that outlives its processes: cgroups and files. It says which process the
 * rack belongs to, so that the next one can tell what is left over.
 */
import { isAlive, referenceTo } from "../../local/processes";

const start = "tokenrack-rack-";
const pattern = /^tokenrack-rack-(\d+)-(\d+)-(\d+)$/;

/** Racks that this process has started. */
let count = 0;

/** A name that no other rack has or had since this machine was booted. */
export function newMark(): string {
  count += 1;
  return `${start}${process.pid}-${referenceTo(process.pid)?.started ?? 0}-${count}`;
}

/** Whether the name is a mark, and the process that it names is no more. */
export function isLeftOver(name: string): boolean {
  const [, pid = "", started = ""] = pattern.exec(name) ?? [];
  return pid !== "" && !isAlive({ pid: Number(pid), started, name });
}

/** Of the machine's end of the cable; a network interface's name has at most 15 letters. */
export function interfaceName(mark: string): string {
  const [, pid = "0", , number = "0"] = pattern.exec(mark) ?? [];
  return `rack${Number(pid).toString(36)}-${Number(number).toString(36)}`;
}
