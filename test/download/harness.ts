import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { DownloadConfigInput } from "../../download/config";
import { parseDownloadConfig } from "../../download/loadConfig";
import { MARKER, WORK, type Marker } from "../../download/marker";
import { Progress, type ProgressLine } from "../../download/progress";
import { download } from "../../download/run";
import { COMMIT, REPO, type FakeHub } from "./hub";

/** A model's directory on a volume of its own. */
export class Volume {
  readonly root: string;
  readonly directory: string;

  constructor(root = mkdtempSync(join(tmpdir(), "tokenrack-download-"))) {
    this.root = root;
    this.directory = join(root, "tiny", "v1");
  }
  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
  read(path: string): Buffer {
    return readFileSync(join(this.directory, path));
  }
  has(path: string): boolean {
    return existsSync(join(this.directory, path));
  }
  write(path: string, data: string | Buffer): string {
    const file = join(this.directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, data);
    return file;
  }
  get marker(): Marker | undefined {
    return this.has(MARKER) ? (JSON.parse(this.read(MARKER).toString()) as Marker) : undefined;
  }
  /** Sizes of the partial files. */
  partials(): number[] {
    const work = join(this.directory, WORK);
    if (!existsSync(work)) return [];
    return readdirSync(work).flatMap((name) => (name.endsWith(".partial") ? statSync(join(work, name)).size : []));
  }
  secret(values: Readonly<Record<string, string>>): string {
    const directory = join(this.root, "secret");
    mkdirSync(directory, { recursive: true });
    for (const [name, value] of Object.entries(values)) writeFileSync(join(directory, name), `${value}\n`);
    return directory;
  }
}

/** A configuration that loads from the hub's Hugging Face side, with waits that a test can afford. */
export function configFor(
  hub: FakeHub,
  volume: Volume,
  change: Partial<DownloadConfigInput> = {},
): DownloadConfigInput {
  return {
    source: { kind: "huggingface", repo: REPO, revision: COMMIT, endpoint: hub.url },
    volume: volume.root,
    directory: "tiny/v1",
    retry: { firstMilliseconds: 10, mostMilliseconds: 20 },
    ...change,
  };
}

export interface Outcome {
  readonly marker?: Marker;
  readonly error?: Error & { exitCode?: number };
  readonly lines: readonly ProgressLine[];
}

/** Runs the downloader in this process. */
export async function run(config: DownloadConfigInput, stop = new AbortController().signal): Promise<Outcome> {
  const lines: ProgressLine[] = [];
  const progress = new Progress((line) => lines.push(JSON.parse(line) as ProgressLine));
  try {
    const marker = await download(parseDownloadConfig(config), progress, stop);
    progress.end("ready", {});
    return { marker, lines };
  } catch (error) {
    progress.end("failed", {});
    if (!(error instanceof Error)) throw error;
    return { error, lines };
  }
}

export interface Ended {
  readonly code: number | null;
  readonly lines: readonly ProgressLine[];
  readonly err: string;
}

/** The bundle as a process of its own. */
export class Downloader {
  readonly ended: Promise<Ended>;

  private constructor(readonly child: ChildProcess) {
    const [out, err]: [string[], string[]] = [[], []];
    child.stdout?.on("data", (part) => out.push(String(part)));
    child.stderr?.on("data", (part) => err.push(String(part)));
    this.ended = once(child, "close").then(([code]) => ({
      code: code as number | null,
      lines: out
        .join("")
        .split("\n")
        .filter((line) => line.endsWith("}"))
        .map((line) => JSON.parse(line) as ProgressLine),
      err: err.join(""),
    }));
  }

  /** @param bundle its path @param file of the configuration, which is written there */
  static start(bundle: string, file: string, config: DownloadConfigInput): Downloader {
    writeFileSync(file, JSON.stringify(config));
    // Nothing of the machine's environment: a proxy there would stand between.
    return new Downloader(spawn(process.execPath, [bundle, file], { cwd: dirname(file), env: {} }));
  }
}
