/**
 * The process that deploys (`python/site/tokenrack_deploy.py`). It imports for many seconds before it can do anything, so
 * it is started along with Ray and waits for its request.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { rayEnvironment, type RayHome } from "./rayEnvironment";
import { partDirectory, rayTempDirectory } from "./runFiles";

/** Module of the process; also tells it from Ray's own. */
export const deployerModule = "tokenrack_deploy";

/** A Unix socket's path may have 107 bytes at most: not under the checkout. */
const socketPath = (runDirectory: string): string => join(rayTempDirectory(runDirectory), "deployer.sock");
const logPath = (runDirectory: string): string => join(partDirectory(runDirectory, "ray"), "deployer.log");

/** Starts the process; it outlives this command, and ends by itself when nobody asks. */
export function startDeployer(home: RayHome): ChildProcess {
  const log = openSync(logPath(home.runDirectory), "w", 0o600);
  const python = join(home.pythonDirectory, "bin", "python");
  const child = spawn(python, ["-m", deployerModule, socketPath(home.runDirectory), "ray.serve.llm"], {
    cwd: partDirectory(home.runDirectory, "ray"),
    env: rayEnvironment(home),
    detached: true,
    stdio: ["ignore", log, log],
  });
  child.on("error", () => undefined); // No Python there: then nobody answers a request either, and that is told.
  child.unref();
  closeSync(log);
  return child;
}

async function connected(path: string): Promise<Socket | undefined> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return socket;
  } catch {
    return undefined; // Nobody listens.
  }
}

async function reach(home: RayHome): Promise<Socket | undefined> {
  const waiting = await connected(socketPath(home.runDirectory));
  if (waiting !== undefined) return waiting;
  const child = startDeployer(home);
  for (let i = 0; i < 100 && child.exitCode === null; i++) {
    await sleep(100);
    const socket = await connected(socketPath(home.runDirectory));
    if (socket !== undefined) return socket;
  }
  return undefined;
}

const lastLines = (file: string): string => readFileSync(file, "utf8").trimEnd().split("\n").slice(-12).join("\n");

/**
 * Has a Serve config deployed; returns once Serve has taken it in.
 * @returns what is wrong, in Ray's or Python's own words; undefined when all is well
 */
export async function deploy(home: RayHome, address: string, config: unknown): Promise<string | undefined> {
  const socket = await reach(home);
  socket?.write(`${JSON.stringify({ address, config })}\n`);
  const answer = socket === undefined ? "" : await text(socket).catch(() => "");
  if (answer === "") {
    return `the process that deploys ended without an answer:\n${lastLines(logPath(home.runDirectory))}`;
  }
  const { error } = JSON.parse(answer) as { error: string | null }; // Written by our own process.
  return error ?? undefined;
}
