/**
 * A folder of the cache whose entries are folders `<name>-<key>`. An entry appears by a rename once it is whole. Drafts of
 * builds that were killed, and older entries that nobody has mounted, are removed by the next build.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import * as path from "node:path";
import { isAlive, referenceTo } from "../../local/processes";

const draftName = /^\.partial-(\d+)-(\d+)-/;

/** Drafts that this process has begun. */
let count = 0;

function removeDeadDrafts(store: string): void {
  for (const name of readdirSync(store)) {
    const [, pid = "", started = ""] = draftName.exec(name) ?? [];
    if (pid !== "" && !isAlive({ pid: Number(pid), started, name })) {
      rmSync(path.join(store, name), { recursive: true, force: true });
    }
  }
}

/** Whether a process has the folder mounted, in whatever namespace: a container runs on it. */
function isMounted(folder: string): boolean {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .some((entry) => {
      try {
        return readFileSync(`/proc/${entry}/mountinfo`, "utf8").includes(path.basename(folder));
      } catch {
        return false; // It ended meanwhile.
      }
    });
}

function removeOlder(store: string, name: string, key: string): void {
  for (const entry of readdirSync(store)) {
    const isOlder = entry.startsWith(`${name}-`) && entry !== `${name}-${key}`;
    if (isOlder && !isMounted(entry)) rmSync(path.join(store, entry), { recursive: true, force: true });
  }
}

/**
 * The entry, made by `fill` unless it is there.
 * @param name without "-" @param fill makes the folder that it is given
 */
export async function intoStore(
  store: string,
  name: string,
  key: string,
  fill: (draft: string) => Promise<void>,
): Promise<string> {
  const entry = path.join(store, `${name}-${key}`);
  if (existsSync(entry)) return entry;
  mkdirSync(store, { recursive: true });
  removeDeadDrafts(store);
  count += 1;
  const draft = path.join(store, `.partial-${process.pid}-${referenceTo(process.pid)?.started ?? 0}-${count}`);
  try {
    await fill(draft);
    try {
      renameSync(draft, entry);
    } catch (error) {
      // Of two at once the first stays.
      if (!existsSync(entry)) throw error;
    }
    removeOlder(store, name, key);
    return entry;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
