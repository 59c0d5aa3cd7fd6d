import { parseArgs } from "node:util";
import { EX } from "./exits";
import { DownloadError, errorCode, Stopped } from "./faults";
import { loadDownloadConfig } from "./loadConfig";
import { Progress } from "./progress";
import { download } from "./run";

const USAGE = "usage: download <config.json> (or TOKENRACK_DOWNLOAD_CONFIG=<config.json>)";

/** Milliseconds after SIGTERM at which the process ends whatever still hangs (a dead NFS server); the promise is 5 s. */
const PATIENCE_MS = 4000;

function configPath(): string | undefined {
  try {
    const { positionals } = parseArgs({ allowPositionals: true, options: {} });
    return positionals.length > 1 ? undefined : (positionals[0] ?? process.env.TOKENRACK_DOWNLOAD_CONFIG);
  } catch {
    return undefined;
  }
}

/** What to tell of an error: our own words, or of a foreign one its code only, as its text may quote a signed link. */
function explain(error: unknown): { text: string; exitCode: number } {
  if (error instanceof DownloadError) return { text: error.message, exitCode: error.exitCode };
  const code = errorCode(error);
  // A code of the system (EIO, ESTALE: a network volume in trouble) passes; a mistake of ours does not.
  const exitCode = /^E[A-Z0-9]+$/.test(code) ? EX.transient : EX.fault;
  return { text: `The download stopped: ${code}`, exitCode };
}

async function main(): Promise<void> {
  const progress = new Progress((line) => process.stdout.write(line));
  const fail = (error: unknown): never => {
    const { text, exitCode } = explain(error);
    progress.end("failed", { note: text, exitCode });
    process.stderr.write(`${text}\n`);
    process.exit(exitCode);
  };
  // Without these two Node prints a stack with whatever text the error holds.
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.on(signal, () => {
      const reason = new Stopped(`stopped by ${signal}; what was loaded is kept, the next run goes on from there`);
      stop.abort(reason);
      setTimeout(() => fail(reason), PATIENCE_MS).unref();
    });
  const path = configPath();
  if (path === undefined) {
    process.stderr.write(`${USAGE}\n`);
    process.exit(EX.fault);
  }
  try {
    const { revision } = await download(loadDownloadConfig(path), progress, stop.signal);
    progress.end("ready", { revision, exitCode: EX.ready });
    process.exit(EX.ready);
  } catch (error) {
    fail(error);
  }
}

void main();
