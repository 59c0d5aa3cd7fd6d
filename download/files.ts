import { lstat, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type * as z from "zod";
import { errorCode, UserFault } from "./faults";

/** Makes what was renamed or made in a directory outlive a power cut. File systems that cannot (some network ones) are left alone. */
export async function syncDirectory(directory: string): Promise<void> {
  try {
    const handle = await open(directory, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!["EINVAL", "EISDIR", "ENOTSUP", "EBADF", "EPERM", "EACCES"].includes(errorCode(error))) throw error;
  }
}

/** Writes a file whole: a reader, or the next run after a crash, finds the old text or the new one. */
export async function writeWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.draft`;
  await writeFile(draft, text, { flush: true });
  await rename(draft, file);
  await syncDirectory(dirname(file));
}

/** Reads a JSON file of ours. @returns undefined when it is not there, or not of that form */
export async function readJson<T extends z.ZodType>(file: string, schema: T): Promise<z.output<T> | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const result = schema.safeParse(JSON.parse(text));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}

/** Size and time of a regular file. @returns undefined when there is none; a link is none */
export async function sizeOf(file: string): Promise<{ size: number; mtimeMs: number } | undefined> {
  try {
    const found = await lstat(file);
    return found.isFile() ? { size: found.size, mtimeMs: found.mtimeMs } : undefined;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errorCode(error))) return undefined;
    throw error;
  }
}

/**
 * Makes the directories above a file, one by one: a link among them would lead out of the model's directory.
 * @throws UserFault for a link or a file where a directory must be
 */
export async function makeParents(root: string, path: string): Promise<void> {
  let directory = root;
  for (const part of path.split("/").slice(0, -1)) {
    directory = join(directory, part);
    await mkdir(directory).catch((error: unknown) => {
      if (errorCode(error) !== "EEXIST") throw error;
    });
    if (!(await lstat(directory)).isDirectory())
      throw new UserFault({
        path: directory,
        found: "a link or a file",
        needed: "a directory of the model",
        fix: "remove it, or choose an empty directory",
      });
  }
}

/** Removes a file that may not be there. */
export const remove = (file: string): Promise<void> => rm(file, { force: true });
