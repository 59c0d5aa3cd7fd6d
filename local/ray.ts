/** Starts and ends Ray on this machine: bound to loopback, with token auth, apart from any other Ray that runs here. */
import { cpSync, existsSync, readFileSync, readlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { deployerModule, startDeployer } from "./deployer";
import { endProcesses, findProcesses, isAlive, type ProcessRef } from "./processes";
import { noteSharedMemory, removeUnused } from "./sharedMemory";
import { pythonModules, rayEnvironment, rayTokenFile, type RayHome } from "./rayEnvironment";
import { partDirectory, privateDirectory, rayTempDirectory, removePart } from "./runFiles";
import { writePrivate } from "../system/privateFile";
import { localError, progress } from "./report";
import { rayApi } from "./rayApi";
import { run } from "./shell";

/** What `ray start` is told; from the Plan. */
export interface RayRequest extends RayHome {
  readonly ports: { readonly rayGcs: number; readonly rayDashboard: number; readonly rayClient: number };
  /** CPUs that Ray counts. */
  readonly numCpus: number;
  readonly numGpus: number;
  /** Cores that vLLM leaves to others. */
  readonly reservedCores: number;
  /** Ray's shared-memory store in MiB. */
  readonly objectStoreMib: number;
  /** Which GPU, by PCI order; none on a CPU. */
  readonly gpuIndex?: number | undefined;
}

const daemonsFile = (runDirectory: string): string => join(partDirectory(runDirectory, "ray"), "daemons.json");

function environment(request: RayRequest): NodeJS.ProcessEnv {
  return {
    ...rayEnvironment(request),
    VLLM_CPU_NUM_OF_RESERVED_CPU: String(request.reservedCores),
    ...(request.gpuIndex === undefined
      ? {}
      : { CUDA_DEVICE_ORDER: "PCI_BUS_ID", CUDA_VISIBLE_DEVICES: String(request.gpuIndex) }),
  };
}

function startArguments(request: RayRequest): string[] {
  const { rayGcs, rayDashboard, rayClient } = request.ports;
  return [
    "start",
    "--head",
    "--node-ip-address=127.0.0.1",
    `--port=${rayGcs}`,
    "--dashboard-host=127.0.0.1",
    `--dashboard-port=${rayDashboard}`,
    `--ray-client-server-port=${rayClient}`,
    // 0: any free port, so that two stacks never meet.
    "--dashboard-agent-listen-port=0",
    "--min-worker-port=0",
    "--max-worker-port=0",
    `--num-cpus=${request.numCpus}`,
    `--num-gpus=${request.numGpus}`,
    `--object-store-memory=${request.objectStoreMib * 2 ** 20}`,
    `--temp-dir=${rayTempDirectory(request.runDirectory)}`,
    "--disable-usage-stats",
    // One machine that never grows, and logs that are read as files: these two only cost start-up time.
    "--no-monitor",
    "--include-log-monitor=false",
  ];
}

/** Ray's own processes; its workers (`ray::..`) come and go and are Ray's to restart. The deployer ends by itself. */
function isDaemon({ name }: ProcessRef): boolean {
  if (name.includes(deployerModule)) return false;
  return !name.startsWith("ray::") || /^ray::(DashboardAgent|RuntimeEnvAgent)/.test(name);
}

/**
 * Starts Ray and waits until its API answers.
 * @returns the session's name, which no other start has
 * @throws LocalError with Ray's own last lines when it does not start
 */
export async function startRay(request: RayRequest, token: string): Promise<string> {
  await stopRay(request.runDirectory);
  const temp = rayTempDirectory(request.runDirectory);
  privateDirectory(request.runDirectory);
  privateDirectory(partDirectory(request.runDirectory, "ray"));
  privateDirectory(temp);
  writePrivate(rayTokenFile(request.runDirectory), token);
  const filter = (source: string): boolean => basename(source) !== "__pycache__";
  cpSync(join(__dirname, "python", "site"), pythonModules(request.runDirectory), { recursive: true, filter });
  startDeployer(request);
  progress("starting Ray on 127.0.0.1");
  const { code, tail } = await run(join(request.pythonDirectory, "bin", "ray"), startArguments(request), {
    cwd: partDirectory(request.runDirectory, "ray"),
    env: environment(request),
    detached: true, // Ray's processes outlive this command.
    onLine: () => undefined, // Its advice (how to join, how to stop every Ray of this machine) does not fit here.
  });
  if (code !== 0) {
    throw localError({
      checked: "Ray's start",
      found: `exit code ${code}:\n${tail.split("\n").slice(-12).join("\n")}`,
      needed: "a Ray that starts",
      fix: "if a port is taken, set another one under `tokenrack:ports` in the stack file; else see the lines above",
    });
  }
  await untilAnswers(request);
  await settle(request.runDirectory);
  return readlinkSync(join(temp, "session_latest")).split("/").pop() ?? "";
}

/** Waits for Ray's API. @throws LocalError after 60 s */
async function untilAnswers(request: RayRequest): Promise<void> {
  const api = rayApi(request.ports.rayDashboard, rayTokenFile(request.runDirectory));
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if ((await api.get("/api/version"))?.status === 200) return;
    await sleep(200);
  }
  throw localError({
    checked: "Ray's API",
    found: `no answer on port ${request.ports.rayDashboard} for 60 s`,
    needed: "Ray's dashboard process, which serves the API",
    fix: `see ${rayTempDirectory(request.runDirectory)}/session_latest/logs/dashboard.log`,
  });
}

/** Notes which daemons belong to this start, so that a later look can tell when one is gone, and what memory they share. */
async function settle(runDirectory: string): Promise<void> {
  const hasAgents = (list: ProcessRef[]): boolean => list.some(({ name }) => name.startsWith("ray::DashboardAgent"));
  let daemons = findProcesses(runDirectory, "ray").filter(isDaemon);
  for (let i = 0; i < 50 && !hasAgents(daemons); i++) {
    await sleep(100);
    daemons = findProcesses(runDirectory, "ray").filter(isDaemon);
  }
  writePrivate(daemonsFile(runDirectory), JSON.stringify(daemons));
  noteSharedMemory(runDirectory);
}

/** Daemons of this stack's Ray that are gone; undefined when Ray was never started here. */
export function deadDaemons(runDirectory: string): ProcessRef[] | undefined {
  if (!existsSync(daemonsFile(runDirectory))) return undefined;
  // Our own file, written by `settle`.
  const daemons: ProcessRef[] = JSON.parse(readFileSync(daemonsFile(runDirectory), "utf8")) as ProcessRef[];
  return daemons.filter((daemon) => !isAlive(daemon));
}

/** Ends Ray and all it started, and removes its files. Nothing there is fine. */
export async function stopRay(runDirectory: string): Promise<void> {
  noteSharedMemory(runDirectory);
  // Ray's own orderly end takes longer than there is to gain: nothing of it is kept.
  const ended = await endProcesses(runDirectory, "ray", 3);
  if (ended > 0) progress(`ended ${ended} Ray processes`);
  removeUnused(runDirectory);
  removePart(runDirectory, "ray");
}
