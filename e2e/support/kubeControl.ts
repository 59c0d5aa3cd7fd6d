/**
 * A real Kubernetes control plane on loopback for tests: etcd, kube-apiserver and, if wanted, kube-controller-manager.
 * No scheduler and no node: pods stay Pending. Everything is in one temporary folder and ends with the test; what a
 * killed test leaves behind is ended by the next one.
 */
import { spawn } from "node:child_process";
import { createWriteStream, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { request } from "node:https";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { findOnPath } from "../../engine/executables";
import { findKubernetes, type KubernetesPart } from "../../engine/kubernetesTools";
import { CACHE_DIR } from "../../test/engine/harness";
import { isAlive, referenceTo, type ProcessRef } from "../../local/processes";
import { accountKey, apiServerFlags, controllerFlags, etcdFlags, kubeconfigOf } from "./kubeFlags";

const FOLDER = "tokenrack-control-";
/** The server answers after about 2 s on two idle cores; in ms. */
const START_TIMEOUT_MS = 60_000;
/** Processes get this long, in ms, to end by themselves. */
const GRACE_MS = 5_000;

export interface ControlPlane {
  /** Content of a kubeconfig with all rights. */
  readonly kubeconfig: string;
  /** https://127.0.0.1:<port> */
  readonly server: string;
  /** Holds the logs: etcd.log, kube-apiserver.log, kube-controller-manager.log. */
  readonly directory: string;
  /** Ends the API server and starts it again, on the same port with the same data; resolves when it answers. */
  restartServer(): Promise<void>;
  /** Runs a program that uses it, with its log beside the others; it ends with it. @returns whether it still runs */
  runBeside(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): () => boolean;
  /** Ends it and removes the folder. */
  stop(): Promise<void>;
}

export interface ControlPlaneOptions {
  /** Runs the controllers, too: namespaces get their accounts, deletions end, Deployments get pods. @default true */
  readonly controllers?: boolean;
}

/**
 * Starts a control plane; resolves when it answers.
 * @throws Error when etcd is missing (Debian: etcd-server) or a process ends early, with the end of its log
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const etcd = findOnPath("etcd", process.env["PATH"]);
  if (etcd === undefined) throw new Error("no `etcd` on PATH (Debian: apt-get install etcd-server)");
  const [apiServer, controllers] = [await find("kube-apiserver"), await find("kube-controller-manager")];
  await endLeftovers();

  const directory = mkdtempSync(path.join(tmpdir(), FOLDER));
  const run = new Run(directory);
  try {
    const [client, peer, port] = [await freePort(), await freePort(), await freePort()];
    const file = (name: string): string => path.join(directory, name);
    const token = randomBytes(24).toString("hex");
    writeFileSync(file("tokens.csv"), `${token},admin,admin,system:masters\n`, { mode: 0o600 });
    writeFileSync(file("accounts.key"), accountKey(), { mode: 0o600 });
    run.start(etcd, etcdFlags(file("etcd"), client, peer));
    const server = `https://127.0.0.1:${port}`;
    const startServer = (): Promise<string> => {
      run.start(apiServer, apiServerFlags(directory, client, port));
      return run.untilReady(server, file("certificates/apiserver.crt"));
    };
    const ca = await startServer();
    const kubeconfig = kubeconfigOf(server, ca, token);
    writeFileSync(file("kubeconfig"), kubeconfig, { mode: 0o600 });
    if (options.controllers ?? true) run.start(controllers, controllerFlags(directory));
    const restartServer = async (): Promise<void> => {
      await run.end("kube-apiserver");
      await startServer();
    };
    const runBeside: ControlPlane["runBeside"] = (command, args, env) => {
      run.start(command, args, env);
      return () => run.isRunning(path.basename(command));
    };
    return { kubeconfig, server, directory, restartServer, runBeside, stop: () => run.stop() };
  } catch (error) {
    await run.stop();
    throw error;
  }
}

const find = (part: KubernetesPart): Promise<string> =>
  findKubernetes(part, { cacheDir: CACHE_DIR, env: process.env, progress: (line) => console.log(`      ${line}`) });

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The processes of one control plane. */
class Run {
  /** Those that run, by the name of their program. */
  private readonly processes = new Map<string, ProcessRef>();
  private readonly ended: string[] = [];
  private readonly endNow = (): void => this.processes.forEach((one) => signal(one, "SIGKILL"));

  constructor(private readonly directory: string) {
    const owner = referenceTo(process.pid);
    writeFileSync(path.join(directory, "owner.json"), JSON.stringify(owner));
    process.on("exit", this.endNow);
  }

  start(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): void {
    const name = path.basename(command);
    const log = createWriteStream(path.join(this.directory, `${name}.log`), { flags: "a" });
    const child = spawn(command, args, { cwd: this.directory, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    child.on("exit", () => {
      if (this.processes.get(name)?.pid === child.pid) this.ended.push(name);
    });
    child.on("error", (error) => this.ended.push(`${name} (${error.message})`));
    const reference = child.pid === undefined ? undefined : referenceTo(child.pid);
    if (reference !== undefined) this.processes.set(name, reference);
    writeFileSync(path.join(this.directory, "processes.json"), JSON.stringify([...this.processes.values()]));
  }

  isRunning(name: string): boolean {
    return this.processes.has(name) && !this.ended.includes(name);
  }

  async end(name: string): Promise<void> {
    const reference = this.processes.get(name);
    this.processes.delete(name);
    if (reference !== undefined) await end([reference]);
  }

  /** Resolves with the server's certificate. */
  async untilReady(server: string, certificate: string): Promise<string> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (Date.now() < deadline) {
      const [gone] = this.ended;
      if (gone !== undefined) throw new Error(`${gone} has ended:\n${this.tail(gone)}`);
      const ca = read(certificate);
      if (ca !== undefined && (await answers(`${server}/readyz`, ca))) return ca;
      await sleep(50);
    }
    throw new Error(`the API server is not ready after ${START_TIMEOUT_MS / 1000} s:\n${this.tail("kube-apiserver")}`);
  }

  private tail(name: string): string {
    return (read(path.join(this.directory, `${name}.log`)) ?? "").split("\n").slice(-15).join("\n");
  }

  async stop(): Promise<void> {
    process.off("exit", this.endNow);
    await end([...this.processes.values()]);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function answers(url: string, ca: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(url, { ca, agent: false, timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on("error", () => resolve(false));
    asked.on("timeout", () => asked.destroy());
    asked.end();
  });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function signal(reference: ProcessRef, name: NodeJS.Signals): void {
  try {
    if (isAlive(reference)) process.kill(reference.pid, name);
  } catch {
    // It ended between the look and the signal.
  }
}

/** Ends processes: asks, waits, then forces. The last one started is asked first. */
async function end(processes: readonly ProcessRef[]): Promise<void> {
  for (const name of ["SIGTERM", "SIGKILL"] as const) {
    processes.toReversed().forEach((one) => signal(one, name));
    const deadline = Date.now() + GRACE_MS;
    while (Date.now() < deadline && processes.some(isAlive)) await sleep(20);
  }
}

const referenceSchema = z.object({ pid: z.number(), started: z.string(), name: z.string() });

/** Ends and removes what tests left behind that were killed; those that still run keep theirs. */
async function endLeftovers(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(FOLDER))) {
    const directory = path.join(tmpdir(), name);
    const owner = referenceSchema.safeParse(parseJson(read(path.join(directory, "owner.json"))));
    // A folder without a whole owner file was made this moment by another test, or is a wreck.
    const isNew = Date.now() - statSync(directory).ctimeMs < START_TIMEOUT_MS;
    if (owner.success ? isAlive(owner.data) : isNew) continue;
    const processes = z.array(referenceSchema).safeParse(parseJson(read(path.join(directory, "processes.json"))));
    if (processes.success) await end(processes.data);
    rmSync(directory, { recursive: true, force: true });
  }
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}
