/** What tests need of a machine: directories of their own, programs on PATH, children that live until they are ended. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

/** A directory that goes away with the test that made it. */
export class Place {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), "tokenrack-test-")));

  path(...parts: string[]): string {
    return join(this.directory, ...parts);
  }

  /** Makes a directory. @returns its path */
  make(...parts: string[]): string {
    mkdirSync(this.path(...parts), { recursive: true });
    return this.path(...parts);
  }

  /** Writes a file, with the directories above it. @returns its path */
  write(name: string, text: string): string {
    mkdirSync(join(this.path(name), ".."), { recursive: true });
    writeFileSync(this.path(name), text);
    return this.path(name);
  }

  /** A program: a POSIX shell script that calls others by their full path, as PATH may hold nothing else. */
  program(name: string, body: string, shell = "/bin/sh"): string {
    const file = this.write(name, `#!${shell}\n${body}\n`);
    chmodSync(file, 0o755);
    return file;
  }

  read(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Sets environment variables for a test, and puts the old ones back. */
export class Environment {
  private readonly before = new Map<string, string | undefined>();

  set(name: string, value: string | undefined): void {
    if (!this.before.has(name)) this.before.set(name, process.env[name]);
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }

  restore(): void {
    for (const [name, value] of this.before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    this.before.clear();
  }
}

/** Real processes of a test. */
export class Children {
  private readonly started: ChildProcess[] = [];

  /**
   * Runs a script with Node until it is ended, and waits for its first line.
   * @returns the process number, and that line
   */
  async run(
    script: string,
    how: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
  ): Promise<{ pid: number; line: string }> {
    const child = spawn(process.execPath, ["-e", script], { ...how, stdio: ["ignore", "pipe", "inherit"] });
    this.started.push(child);
    child.stdout.setEncoding("utf8");
    const [line] = (await once(child.stdout, "data")) as [string];
    return { pid: child.pid ?? 0, line: line.trim() };
  }

  /** Resolves with the signal, or the exit code, that ended the child. */
  async end(pid: number): Promise<NodeJS.Signals | number | null> {
    const child = this.started.find((one) => one.pid === pid);
    if (child === undefined) throw new Error(`no child ${pid}`);
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    return child.signalCode ?? child.exitCode;
  }

  /** Whether the child still runs. */
  lives(pid: number): boolean {
    const child = this.started.find((one) => one.pid === pid);
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Ends them all. */
  async killAll(): Promise<void> {
    for (const child of this.started) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    this.started.length = 0;
  }
}

/** A script that says it runs and then waits. */
export const waits = `process.stdout.write("up\\n"); setInterval(() => {}, 1000);`;

/** Listens on a port until `close`. */
export async function occupy(port = 0, host = "127.0.0.1"): Promise<{ port: number; close: () => Promise<void> }> {
  const server: Server = createServer();
  server.listen({ port, host });
  await once(server, "listening");
  const close = async (): Promise<void> => {
    server.close();
    await once(server, "close");
  };
  return { port: (server.address() as AddressInfo).port, close };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const { port, close } = await occupy();
  await close();
  return port;
}

/** What goes to standard output or error while `body` runs, without colours. */
export async function written(stream: "stdout" | "stderr", body: () => Promise<void> | void): Promise<string> {
  const write = process[stream].write.bind(process[stream]);
  let text = "";
  process[stream].write = (part: string | Uint8Array) => {
    text += String(part);
    return true;
  };
  try {
    await body();
  } finally {
    process[stream].write = write;
  }
  return stripVTControlCharacters(text);
}

/** The error that a promise ends with; fails when it ends well. */
export async function errorOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error(`not an Error: ${String(error)}`);
  }
  throw new Error("nothing was thrown");
}

/** The fields of a fault that is printed as it stands: every one of them has all four. */
export function fields(message: string): { checked: string; found: string; needed: string; fix: string } {
  const match = /^(.*)\n {2}found: ([^]*)\n {2}needed: (.*)\n {2}fix: (.*)$/.exec(message);
  if (match === null) throw new Error(`not a message of four fields: ${message}`);
  const [, checked = "", found = "", needed = "", fix = ""] = match;
  return { checked, found, needed, fix };
}

/** Keeps what a suite's commands say on stderr out of the test report; `said()` is what they said in this test. */
export function quiet(): { said: () => string } {
  const write = process.stderr.write.bind(process.stderr);
  let text = "";
  beforeEach(() => {
    text = "";
    process.stderr.write = (part: string | Uint8Array) => {
      text += String(part);
      return true;
    };
  });
  afterEach(() => {
    process.stderr.write = write;
  });
  return { said: () => stripVTControlCharacters(text) };
}
