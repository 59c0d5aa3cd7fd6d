import { setMaxListeners } from "node:events";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Pacer } from "./backoff";
import type { DownloadConfig } from "./config";
import { errorCode, Transient, UserFault, volumeFault } from "./faults";
import { fill } from "./fill";
import { Http } from "./http";
import { acquire } from "./lease";
import { readMarker, sizesHold, type Marker } from "./marker";
import type { Progress } from "./progress";
import { secretsIn } from "./secrets";
import { openSource } from "./sources/open";

async function checkVolume(volume: string): Promise<void> {
  const found = await stat(volume).then(
    (entry) => (entry.isDirectory() ? undefined : "a file"),
    (error: unknown) => `no directory (${errorCode(error)})`,
  );
  if (found === undefined) return;
  const fix = "mount the PersistentVolumeClaim there, and name its mountPath";
  throw new UserFault({ path: "volume", found: `${found} at ${volume}`, needed: "a mounted volume", fix });
}

/** Everything that happens while the lease is held. */
async function filled(config: DownloadConfig, progress: Progress, controller: AbortController): Promise<Marker> {
  const directory = join(config.volume, config.directory);
  const { signal } = controller;
  const readyAlready = async (): Promise<Marker | undefined> => {
    const marker = config.verify === "sizes" ? await readMarker(directory, config) : undefined;
    return marker !== undefined && (await sizesHold(directory, marker)) ? marker : undefined;
  };
  const before = await readyAlready();
  if (before !== undefined) return before;

  const lease = await acquire({
    volume: config.volume,
    times: config.lock,
    signal,
    lost: (reason) => controller.abort(reason),
    waiting: async (holder) => {
      progress.enter("waiting");
      progress.note(`another download holds the volume: ${holder}`);
      return (await readyAlready()) !== undefined;
    },
  });
  if (lease === undefined) return filled(config, progress, controller);
  const http = new Http(config.idleSeconds, signal);
  try {
    const pacer = new Pacer(config.retry, signal, progress.note);
    const source = openSource(config.source, { http, pacer, secret: secretsIn(config.secretDirectory) });
    const abort = (reason: unknown): void => controller.abort(reason);
    return await fill({ config, directory, source, http, pacer, lease, progress, signal, abort });
  } finally {
    await http.close();
    await lease.release();
  }
}

/**
 * Makes a model's directory ready, or finds it so.
 * @param stop its abortion ends the run and keeps what was loaded; the reason is thrown
 * @throws DownloadError, with an exit code
 */
export async function download(config: DownloadConfig, progress: Progress, stop: AbortSignal): Promise<Marker> {
  const controller = new AbortController();
  // Every request, wait and file listens to it.
  setMaxListeners(0, controller.signal);
  const onStop = (): void => controller.abort(stop.reason);
  stop.addEventListener("abort", onStop);
  if (stop.aborted) onStop();
  const deadline = setTimeout(() => {
    controller.abort(
      new Transient(`not ready within deadlineSeconds (${config.deadlineSeconds}); what was loaded is kept`),
    );
  }, config.deadlineSeconds * 1000);
  try {
    await checkVolume(config.volume);
    const marker = await filled(config, progress, controller);
    progress.begin(marker.totalBytes, marker.totalBytes);
    return marker;
  } catch (error) {
    throw volumeFault(controller.signal.aborted ? controller.signal.reason : error, config.volume);
  } finally {
    clearTimeout(deadline);
    stop.removeEventListener("abort", onStop);
  }
}
