import { bytes, formatBytes, plural } from "../catalog/units";
import type { DownloadConfig } from "./config";
import { UserFault, type Fault } from "./faults";
import { allowedBy } from "./marker";
import { matcher, PICKLES, whyUnsafe } from "./names";
import type { Listing, RemoteFile, Source } from "./sources/source";

/** Names that are quoted in a message. */
const SHOWN = 5;

function quote(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).map((name) => JSON.stringify(name.slice(0, 80)));
  return shown.join(", ") + (names.length > SHOWN ? ` and ${names.length - SHOWN} more` : "");
}

/** A name that leads out of the directory, or stands twice, is no accident: nothing of such a listing is used. */
function checkNames(files: readonly RemoteFile[], title: string): void {
  const faults: Fault[] = [];
  const refuse = (found: string): void => {
    faults.push({
      path: "source",
      found: `${title} lists ${found}`,
      needed: "relative names of files",
      fix: "do not use this source: a hub that lists such names is broken or hostile",
    });
  };
  const seen = new Set<string>();
  for (const { path } of files) {
    const why = whyUnsafe(path);
    if (why !== undefined) refuse(`${JSON.stringify(path.slice(0, 80))}, ${why}`);
    if (seen.has(path)) refuse(`${JSON.stringify(path.slice(0, 80))} twice`);
    seen.add(path);
  }
  for (const { path } of files)
    for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1))
      if (seen.has(path.slice(0, at)))
        refuse(`${JSON.stringify(path.slice(0, at).slice(0, 80))} as file and directory`);
  const [first, ...more] = faults.slice(0, SHOWN);
  if (first !== undefined) throw new UserFault(first, ...more);
}

function checkSize(chosen: readonly RemoteFile[], { size }: DownloadConfig, title: string): void {
  const total = chosen.reduce((sum, file) => sum + file.size, 0);
  const show = (amount: number): string => `${amount} bytes (${formatBytes(bytes(amount))})`;
  const { minBytes = 0, maxBytes = Infinity } = size;
  if (total >= minBytes && total <= maxBytes) return;
  throw new UserFault({
    path: total < minBytes ? "size.minBytes" : "size.maxBytes",
    found: `${plural(chosen.length, "file")} of ${show(total)} on ${title}`,
    needed: total < minBytes ? `at least ${show(minBytes)}` : `at most ${show(maxBytes)}`,
    fix: "check source.revision and the allow patterns, or correct the bound",
  });
}

/** The files of a listing to load. @throws UserFault for unsafe names, nothing to load, or a size out of bounds */
export function choose({ files }: Listing, config: DownloadConfig, title: string): RemoteFile[] {
  checkNames(files, title);
  const [allowed, ignored] = [matcher(allowedBy(config)), matcher(config.ignore)];
  const chosen = files.filter(
    ({ path }) => allowed(path) && !ignored(path) && (config.allowPickle || !PICKLES.test(path)),
  );
  const pickles = files.filter(({ path }) => PICKLES.test(path)).map(({ path }) => path);
  if (!config.allowPickle && pickles.length > 0 && !chosen.some(({ path }) => path.endsWith(".safetensors")))
    throw new UserFault({
      path: "source",
      found: `weights only as pickles on ${title}: ${quote(pickles)}`,
      needed: "safetensors: reading a pickle runs whatever code is in it",
      fix: "choose a revision or a copy with safetensors; or set allowPickle: true if you trust its author",
    });
  if (chosen.length === 0)
    throw new UserFault({
      path: "allow",
      found: files.length === 0 ? `no files on ${title}` : `no match among ${quote(files.map(({ path }) => path))}`,
      needed: `files that match ${allowedBy(config).join(" ")}`,
      fix: "correct the source, or the patterns in allow and ignore",
    });
  checkSize(chosen, config, title);
  return chosen;
}

/** Asks for the checksums that the listing lacks. @throws UserFault for files without any, unless that is allowed */
export async function completeAll(
  chosen: readonly RemoteFile[],
  source: Source,
  config: DownloadConfig,
): Promise<RemoteFile[]> {
  const complete: RemoteFile[] = [];
  for (const file of chosen) complete.push(file.checksum === undefined ? await source.complete(file) : file);
  const bare = complete.filter(({ checksum }) => checksum === undefined).map(({ path }) => path);
  if (bare.length > 0 && !config.allowUnchecked)
    throw new UserFault({
      path: "source",
      found: `${source.title} has no checksum for ${quote(bare)}`,
      needed: "a checksum for every file, so that a wrong byte is noticed",
      fix: "upload a SHA256SUMS beside them (sha256sum * > SHA256SUMS), or set allowUnchecked: true",
    });
  return complete;
}
