/** Tells whether anything was written. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** One line for each file and folder under some folders of `root`: inode, size and times, but for the time it was read. */
export function fingerprint(root: string, folders: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .sort()
      .map((name) => {
        const { ino, size, mtimeMs, ctimeMs } = statSync(join(root, folder, name), { bigint: false });
        return `${join(folder, name)} ${ino} ${size} ${mtimeMs} ${ctimeMs}`;
      }),
  );
}
