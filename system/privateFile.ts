import { linkSync, renameSync, rmSync, writeFileSync } from "node:fs";

/**
 * Writes a file of mode 0600 whole: a reader, or the next run after a crash, finds the old text or the new one, never a
 * part. The draft lies beside it, so that the last step stays on one file system.
 */
export function writePrivate(file: string, text: string): void {
  withDraft(file, text, (draft) => renameSync(draft, file));
}

/** The same, for a file that must not be there yet. @throws Error with code EEXIST when it is, and leaves it as it is */
export function createPrivate(file: string, text: string): void {
  withDraft(file, text, (draft) => {
    try {
      // A link, unlike a rename, does not replace what another process put there meanwhile.
      linkSync(draft, file);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EEXIST") throw error;
      // A file system without links (some network and FAT drives): at least never over another one's.
      writeFileSync(file, text, { mode: 0o600, flag: "wx", flush: true });
    }
  });
}

function withDraft(file: string, text: string, publish: (draft: string) => void): void {
  const draft = `${file}.${process.pid}.partial`;
  try {
    writeFileSync(draft, text, { mode: 0o600, flush: true });
    publish(draft);
  } finally {
    rmSync(draft, { force: true });
  }
}
