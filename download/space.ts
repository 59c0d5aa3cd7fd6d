import { statfs } from "node:fs/promises";
import { bytes, formatBytes } from "../catalog/units";
import { UserFault } from "./faults";

/** Room that is asked for, as a share of what is missing: blocks, metadata, and other writers of the volume. */
const MARGIN = 1.1;

/** Free bytes of a volume for who is not root; undefined where its file system does not tell. */
export async function freeBytes(directory: string): Promise<number | undefined> {
  const { bsize, blocks, bavail } = await statfs(directory);
  return blocks === 0 ? undefined : bsize * bavail;
}

/** @throws UserFault when less than 1.1 times `missing` bytes are free */
export async function checkSpace(directory: string, missing: number): Promise<void> {
  const free = await freeBytes(directory);
  const wanted = Math.ceil(missing * MARGIN);
  if (free === undefined || free >= wanted) return;
  const show = (amount: number): string => `${formatBytes(bytes(amount))} (${amount} bytes)`;
  throw new UserFault({
    path: directory,
    found: `${show(free)} free`,
    needed: `${show(wanted)}: ${MARGIN} times the ${show(missing)} that are missing`,
    fix: "enlarge the PersistentVolumeClaim, or remove models that are not served any more",
  });
}
