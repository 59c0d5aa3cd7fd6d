import { isDeepStrictEqual } from "node:util";
import { join } from "node:path";
import * as z from "zod";
import { DEFAULT_ALLOW, type DownloadConfig } from "./config";
import { readJson, remove, sizeOf, syncDirectory, writeWhole } from "./files";
import { OWN_PREFIX, whyUnsafe } from "./names";

/** Says that a model's directory is whole; whoever loads the model waits for it. */
export const MARKER = `${OWN_PREFIX}-ready.json`;

/** What is kept between runs until the directory is ready: partial files, what is known of them, the resolved revision. */
export const WORK = `${OWN_PREFIX}-partial`;

const count = z.number().int().nonnegative();

const markerSchema = z.object({
  version: z.literal(1),
  /** What was asked for: source and selection, without credentials. Another wish is another content. */
  wish: z.unknown(),
  /** The commit that the wished revision was resolved to, or a digest of a bucket's listing. */
  revision: z.string(),
  totalBytes: count,
  files: z.array(
    z.object({
      path: z.string().refine((path) => whyUnsafe(path) === undefined),
      size: count,
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      /** What the source's own checksum was that the bytes were held against; "size" where it has none. */
      checked: z.enum(["sha256", "gitSha1", "md5", "md5Parts", "size"]),
    }),
  ),
  completedAt: z.string(),
});
export type Marker = z.output<typeof markerSchema>;
export type ReadyFile = Marker["files"][number];

/** The allowed patterns: as configured, else the defaults. */
export const allowedBy = ({ allow, allowPickle }: DownloadConfig): readonly string[] =>
  allow ?? [...DEFAULT_ALLOW, ...(allowPickle ? ["*.bin", "*.pt", "*.pth"] : [])];

/** What decides a directory's content. */
export function wishOf(config: DownloadConfig): Readonly<Record<string, unknown>> {
  const { source, ignore, allowPickle, allowUnchecked } = config;
  return { source, allow: allowedBy(config), ignore, allowPickle, allowUnchecked };
}

/** The marker, when it is there and says what is wished. A marker of another wish, or a damaged one, is none. */
export async function readMarker(directory: string, config: DownloadConfig): Promise<Marker | undefined> {
  const marker = await readJson(join(directory, MARKER), markerSchema);
  return marker !== undefined && isDeepStrictEqual(marker.wish, wishOf(config)) ? marker : undefined;
}

/** The paths that any marker lists, also one of another wish: what we put there ourselves. */
export async function pathsOfMarker(directory: string): Promise<string[]> {
  return (await readJson(join(directory, MARKER), markerSchema))?.files.map(({ path }) => path) ?? [];
}

/** Whether every file of the marker is there in its size. */
export async function sizesHold(directory: string, { files }: Marker): Promise<boolean> {
  for (const { path, size } of files) if ((await sizeOf(join(directory, path)))?.size !== size) return false;
  return true;
}

/** Takes the marker away, for good: before anything is changed. */
export async function removeMarker(directory: string): Promise<void> {
  await remove(join(directory, MARKER));
  await syncDirectory(directory);
}

/** Writes the marker: the last that is written. */
export async function writeMarker(
  directory: string,
  config: DownloadConfig,
  revision: string,
  files: readonly ReadyFile[],
): Promise<Marker> {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const marker: Marker = {
    version: 1,
    wish: wishOf(config),
    revision,
    totalBytes: sorted.reduce((sum, { size }) => sum + size, 0),
    files: sorted,
    completedAt: new Date().toISOString(),
  };
  await writeWhole(join(directory, MARKER), `${JSON.stringify(marker, undefined, 1)}\n`);
  return marker;
}

const stateSchema = z.object({ wish: z.unknown(), revision: z.string() });

/** The revision that an earlier run of the same wish resolved: a tag that moved meanwhile does not mix two models. */
export async function readRevision(directory: string, config: DownloadConfig): Promise<string | undefined> {
  const state = await readJson(join(directory, WORK, "state.json"), stateSchema);
  return state !== undefined && isDeepStrictEqual(state.wish, wishOf(config)) ? state.revision : undefined;
}

export async function writeRevision(directory: string, config: DownloadConfig, revision: string): Promise<void> {
  await writeWhole(join(directory, WORK, "state.json"), `${JSON.stringify({ wish: wishOf(config), revision })}\n`);
}
