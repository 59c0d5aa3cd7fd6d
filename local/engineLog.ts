/** Reads the engine's logs for people: what it is doing now, and why it failed. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { rayTempDirectory } from "./runFiles";

/** Directory of all logs of this stack's Ray. */
export function logDirectory(runDirectory: string): string {
  return join(rayTempDirectory(runDirectory), "session_latest", "logs");
}

/** Lines of the workers that were started since then (ms since 1970); an older deployment's workers have files of their own. */
function engineLines(runDirectory: string, since: number, pattern: RegExp): string[] {
  const directory = logDirectory(runDirectory);
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => /^worker-.*\.(out|err)$/.test(name))
    .map((name) => join(directory, name))
    .filter((file) => statSync(file).mtimeMs >= since)
    .flatMap((file) => readFileSync(file, "utf8").split("\n"))
    .filter((line) => pattern.test(line));
}

/** What the engine's own log lines mean to somebody who waits, in the order in which they come. */
const milestones: readonly (readonly [RegExp, string])[] = [
  [/Initializing a V1 LLM engine/, "starting the engine"],
  [/Starting to load model/, "loading the weights"],
  [/Loading safetensors checkpoint shards: +(\d+%)/, "loading the weights"],
  [/Warming up model|[Cc]ompil(?:ing|ed)|Dynamo bytecode transform/, "compiling for this machine"],
  [/KV cache size/, "setting up the KV cache"],
  [/init engine .* took/, "engine is up, starting the server"],
];

/** How far the engine has come since then. */
export function doingNow(runDirectory: string, since: number): string {
  const any = new RegExp(milestones.map(([pattern]) => pattern.source).join("|"));
  const lines = engineLines(runDirectory, since, any);
  for (const [pattern, words] of [...milestones].reverse()) {
    const line = lines.findLast((text) => pattern.test(text));
    if (line === undefined) continue;
    const detail = pattern.exec(line)?.[1];
    return detail === undefined ? words : `${words}, ${detail}`;
  }
  return "importing Ray Serve LLM and vLLM";
}

/** The last error lines since then, at most 8. */
export function lastErrors(runDirectory: string, since: number): string[] {
  return engineLines(runDirectory, since, /(Error|Exception|error:)/).slice(-8);
}
