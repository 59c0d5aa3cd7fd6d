import { readdir, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ContentHash, hashFile } from "./checksum";
import type { DownloadConfig } from "./config";
import { UserFault } from "./faults";
import { fetchFile, type FetchContext } from "./fetchFile";
import { remove, sizeOf } from "./files";
import {
  pathsOfMarker,
  readMarker,
  readRevision,
  removeMarker,
  sizesHold,
  WORK,
  writeMarker,
  writeRevision,
  type Marker,
  type ReadyFile,
} from "./marker";
import { OWN_PREFIX, WEIGHTS } from "./names";
import { partialBytes, verifiedHash } from "./partial";
import { choose, completeAll } from "./select";
import type { RemoteFile } from "./sources/source";
import { checkSpace } from "./space";

export interface FillContext extends Omit<FetchContext, "revision"> {
  readonly config: DownloadConfig;
  /** Ends what else is under way when one part fails. */
  readonly abort: (reason: unknown) => void;
}

/** Whether every byte of a marker's files still has its hash. */
async function bytesHold(marker: Marker, { directory, signal, progress }: FillContext): Promise<boolean> {
  progress.enter("checking");
  progress.begin(0, marker.totalBytes);
  for (const { path, size, sha256 } of marker.files) {
    const hash = new ContentHash({ kind: "sha256", hex: sha256 }, size);
    await hashFile(join(directory, path), hash, signal);
    if (!hash.finish().matches) {
      progress.note(`${path}: its bytes have changed on the volume`);
      return false;
    }
    progress.add(path, size, false);
  }
  return true;
}

/** A marker that may stand; one that is proved wrong is removed at once. */
async function standing(context: FillContext): Promise<Marker | undefined> {
  const { directory, config } = context;
  const marker = await readMarker(directory, config);
  if (marker === undefined) return undefined;
  const holds =
    (await sizesHold(directory, marker)) && (config.verify === "sizes" || (await bytesHold(marker, context)));
  if (!holds) await removeMarker(directory);
  return holds ? marker : undefined;
}

/** All files below a directory but our own, with forward slashes. */
async function filesBelow(directory: string, above = ""): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(directory, above), { withFileTypes: true })) {
    if (above === "" && entry.name.startsWith(OWN_PREFIX)) continue;
    const path = above === "" ? entry.name : `${above}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await filesBelow(directory, path)));
    else found.push(path);
  }
  return found;
}

/** A loader takes every weight file that lies there: one of another revision would be mixed in. */
async function clearOthers(directory: string, chosen: readonly RemoteFile[], ours: readonly string[]): Promise<void> {
  const wanted = new Set(chosen.map(({ path }) => path));
  for (const path of ours) if (!wanted.has(path)) await remove(join(directory, path));
  const foreign = (await filesBelow(directory)).filter((path) => WEIGHTS.test(path) && !wanted.has(path));
  if (foreign.length === 0) return;
  throw new UserFault({
    path: directory,
    found: `weights that are not this model's: ${foreign.slice(0, 5).join(", ")}`,
    needed: "a directory of its own for each model revision",
    fix: "choose another directory, or remove those files",
  });
}

/** Loads what is missing, several files at a time; the first failure ends the others. */
async function fetchAll(
  missing: readonly RemoteFile[],
  context: FetchContext,
  fill: FillContext,
): Promise<ReadyFile[]> {
  const queue = [...missing];
  const ready: ReadyFile[] = [];
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) ready.push(await fetchFile(file, context));
  };
  const guarded = (): Promise<void> =>
    worker().catch((error: unknown) => {
      failures.push(error);
      queue.length = 0;
      fill.abort(error);
    });
  await Promise.all(Array.from({ length: fill.config.parallel }, guarded));
  if (failures.length > 0) throw failures[0];
  return ready;
}

/** What is there, and what is missing, with the bytes of it that are there. */
async function survey(
  chosen: readonly RemoteFile[],
  { directory, signal, progress, lease }: FillContext,
): Promise<{ ready: ReadyFile[]; missing: RemoteFile[]; missingBytes: number }> {
  const ready: ReadyFile[] = [];
  const missing: RemoteFile[] = [];
  let [done, missingBytes] = [0, 0];
  const total = chosen.reduce((sum, { size }) => sum + size, 0);
  for (const file of chosen) {
    lease.check();
    progress.begin(done, total);
    const sha256 = await verifiedHash(directory, file, signal);
    if (sha256 !== undefined) {
      ready.push({ path: file.path, size: file.size, sha256, checked: file.checksum?.kind ?? "size" });
      done += file.size;
      continue;
    }
    const there = await partialBytes(directory, file);
    missing.push(file);
    missingBytes += file.size - there;
    done += there;
  }
  progress.begin(done, total);
  return { ready, missing, missingBytes };
}

/** Makes the directory ready, or finds it so. Called with the lease held. */
export async function fill(context: FillContext): Promise<Marker> {
  const { directory, config, source, progress, lease } = context;
  const marker = await standing(context);
  if (marker !== undefined) return marker;

  progress.enter("listing");
  const listing = await source.list(await readRevision(directory, config));
  const chosen = await completeAll(choose(listing, config, source.title), source, config);

  lease.check();
  const ours = await pathsOfMarker(directory);
  await mkdir(join(directory, WORK), { recursive: true });
  await removeMarker(directory);
  await writeRevision(directory, config, listing.revision);
  progress.enter("checking");
  await clearOthers(directory, chosen, ours);
  const { ready, missing, missingBytes } = await survey(chosen, context);
  await checkSpace(directory, missingBytes);

  progress.enter("downloading");
  const loaded = await fetchAll(missing, { ...context, revision: listing.revision }, context);
  const files = [...ready, ...loaded];
  lease.check();
  for (const { path, size } of files)
    if ((await sizeOf(join(directory, path)))?.size !== size) throw new Error(`${path} is not as it was written`);
  const written = await writeMarker(directory, config, listing.revision, files);
  await rm(join(directory, WORK), { recursive: true, force: true });
  return written;
}
