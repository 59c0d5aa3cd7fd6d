import { statSync } from "node:fs";

/** The permission bits that let any account of the machine read, change or run a file. */
const OTHERS = 0o007;

/**
 * Why a file that holds secrets must not be used, or undefined when its mode is private.
 * Group access stays allowed: a Kubernetes Secret volume with `fsGroup` is 0440 root:fsGroup.
 * @throws the stat error when the file is not there.
 */
export function exposureOf(path: string): string | undefined {
  const { mode } = statSync(path);
  return (mode & OTHERS) === 0 ? undefined : `mode 0${(mode & 0o777).toString(8)}, open to every account`;
}
