/** Where Pulumi publishes its CLI and its plugins. @see https://www.pulumi.com/docs/install/ */
export const PULUMI_DOWNLOADS = "https://get.pulumi.com/";

/** Time, in ms, in which a reachable server answers; a closed network must not cost a start more than this. */
const PROBE_MS = 5_000;

/**
 * Undefined when `url` answers anything at all within 5 s, else the reason in one line. Uses the same `fetch` as the
 * Automation API's downloader, so what passes here passes there (and a proxy that only curl knows fails in both).
 */
export async function unreachable(url: string): Promise<string | undefined> {
  try {
    await fetch(url, { method: "HEAD", redirect: "manual", signal: AbortSignal.timeout(PROBE_MS) });
    return undefined;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return `${url} is not reachable (${cause instanceof Error ? cause.message : String(cause)})`;
  }
}
