/** Starts and ends the gateway on this machine. Its secrets reach it as files that only its owner can read. */
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { request as http } from "undici";
import { inherited } from "./environment";
import { endProcesses, findProcesses, isAlive, markOf } from "./processes";
import { partDirectory, privateDirectory, removePart } from "./runFiles";
import { writePrivate } from "../system/privateFile";
import { localError, progress } from "./report";

/** What to start. */
export interface GatewayRequest {
  readonly runDirectory: string;
  /** The gateway as one file (`gateway/build.ts`). */
  readonly bundle: string;
  /** Its configuration, YAML, with file names from `gatewayFiles`. */
  readonly config: string;
  readonly port: number;
}

/** The gateway's secrets. */
export interface GatewaySecrets {
  /** Ed25519, PKCS8 PEM. */
  readonly signingKey: string;
  /** JSON text: a list of users. */
  readonly users: string;
}

/** Where the gateway's files lie. */
export function gatewayFiles(runDirectory: string): { config: string; signingKey: string; users: string; log: string } {
  const file = (name: string): string => join(partDirectory(runDirectory, "gateway"), name);
  return {
    config: file("gateway.yaml"),
    signingKey: file("signing-key.pem"),
    users: file("users.json"),
    log: file("gateway.log"),
  };
}

/**
 * Starts the gateway and waits until it listens.
 * @returns its process number
 * @throws LocalError with its own last lines when it refuses to start
 */
export async function startGateway(request: GatewayRequest, secrets: GatewaySecrets): Promise<number> {
  await stopGateway(request.runDirectory);
  privateDirectory(request.runDirectory);
  const directory = partDirectory(request.runDirectory, "gateway");
  privateDirectory(directory);
  const files = gatewayFiles(request.runDirectory);
  writePrivate(files.signingKey, secrets.signingKey);
  writePrivate(files.users, JSON.stringify({ users: JSON.parse(secrets.users) as unknown }));
  writePrivate(files.config, request.config);
  progress(`starting the gateway on 127.0.0.1:${request.port}`);
  const log = openSync(files.log, "a", 0o600);
  const child = spawn(process.execPath, [request.bundle, "--config", files.config], {
    cwd: directory,
    env: { ...inherited(), ...markOf(request.runDirectory, "gateway") },
    stdio: ["ignore", log, log],
    detached: true,
  });
  closeSync(log);
  child.unref();
  await untilListening(request, child.pid ?? 0);
  return child.pid ?? 0;
}

function logText(runDirectory: string): string {
  const { log } = gatewayFiles(runDirectory);
  return existsSync(log) ? readFileSync(log, "utf8") : "";
}

async function untilListening(request: GatewayRequest, pid: number): Promise<void> {
  const deadline = Date.now() + 20_000;
  const alive = (): boolean => findProcesses(request.runDirectory, "gateway").some((ref) => ref.pid === pid);
  while (Date.now() < deadline && alive()) {
    // Its own word first: what answers on a taken port is another gateway.
    if (logText(request.runDirectory).includes("gateway listening on ") && (await isAnswering(request.port))) return;
    await sleep(50);
  }
  await endProcesses(request.runDirectory, "gateway", 0); // One that hangs would hold the port of the next try.
  const tail = logText(request.runDirectory).trim().split("\n").slice(-15).join("\n");
  throw localError({
    checked: "the gateway's start",
    found: tail === "" ? "it does not answer" : tail,
    needed: "a gateway that listens",
    fix: `if the port ${request.port} is taken, set another one under \`tokenrack:ports\` in the stack file; else see above`,
  });
}

/** Whether a gateway answers there. */
export async function isAnswering(port: number): Promise<boolean> {
  try {
    const answer = await http(`http://127.0.0.1:${port}/healthz`, { headersTimeout: 2000 });
    await answer.body.dump();
    return answer.statusCode === 200;
  } catch {
    return false;
  }
}

/** Whether the gateway of this stack runs and answers. */
export async function gatewayRuns(runDirectory: string, port: number): Promise<boolean> {
  return findProcesses(runDirectory, "gateway").some(isAlive) && (await isAnswering(port));
}

/** Ends the gateway and removes its files. Nothing there is fine. */
export async function stopGateway(runDirectory: string): Promise<void> {
  // It lets streams that run end by themselves, up to this long.
  await endProcesses(runDirectory, "gateway", 5);
  removePart(runDirectory, "gateway");
}
