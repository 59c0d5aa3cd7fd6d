/** Deploys the Serve config and waits until its application runs; says meanwhile what the engine is doing. */
import { setTimeout as sleep } from "node:timers/promises";
import { parse } from "yaml";
import * as z from "zod";
import { doingNow, lastErrors, logDirectory } from "./engineLog";
import { rayApi, type RayApi } from "./rayApi";
import { elapsedSeconds, localError, progress } from "./report";
import { deploy } from "./deployer";
import { deadDaemons } from "./ray";
import { rayTokenFile, type RayHome } from "./rayEnvironment";
import { noteSharedMemory, removeUnused } from "./sharedMemory";

/** What to deploy, and where. */
export interface ServeRequest extends RayHome {
  /** Port of Ray's control store (GCS). */
  readonly gcsPort: number;
  readonly dashboardPort: number;
  /** The Serve config, YAML (`render/serveConfig.ts`). */
  readonly serveConfig: string;
}

/** State of all applications; deleting it takes them away. @see ray/dashboard/modules/serve */
const path = "/api/serve/applications/";

/** When this command began, in ms since 1970. Logs of an earlier deployment are older. */
const begun = Date.now();

/** Longest wait for a model to load, in seconds: a large one from a slow disk onto a CPU takes many minutes. */
const deadlineSeconds = 1800;

const status = z.object({
  applications: z.record(
    z.string(),
    z.object({
      status: z.string(),
      message: z.string().optional(),
      deployments: z.record(z.string(), z.object({ status: z.string(), message: z.string().optional() })).optional(),
    }),
  ),
});

/** State of one application, as Serve reports it. */
export interface ApplicationState {
  readonly status: string;
  readonly message: string;
}

/** State of the application `llm`; undefined when Ray does not answer or does not know it. */
export async function applicationState(api: RayApi): Promise<ApplicationState | undefined> {
  const answer = await api.get(path);
  if (answer?.status !== 200) return undefined;
  const parsed = status.safeParse(JSON.parse(answer.body));
  const app = parsed.success ? parsed.data.applications["llm"] : undefined;
  if (app === undefined) return undefined;
  const parts = Object.values(app.deployments ?? {}).map((deployment) => deployment.message ?? "");
  const message = [app.message ?? "", ...parts].filter((text) => text !== "").join("\n");
  return { status: app.status, message };
}

function failure(request: ServeRequest, state: ApplicationState | undefined): Error {
  const errors = lastErrors(request.runDirectory, begun);
  return localError({
    checked: "the model server",
    found: [state === undefined ? "Ray does not answer" : `${state.status}: ${state.message}`, ...errors].join("\n"),
    needed: "an application that runs",
    fix: `read the last lines above; all logs: ${logDirectory(request.runDirectory)}`,
  });
}

/**
 * Deploys the config and waits until the application runs.
 * @param pollMs pause between two looks in ms; Ray counts as gone when 40 looks in a row find nothing
 * @throws LocalError with Serve's own reason and the engine's last errors
 */
export async function deployServe(request: ServeRequest, pollMs = 500): Promise<void> {
  const api = rayApi(request.dashboardPort, rayTokenFile(request.runDirectory));
  progress("deploying the Serve config");
  const error = await deploy(request, `127.0.0.1:${request.gcsPort}`, parse(request.serveConfig));
  if (error !== undefined) {
    throw localError({
      checked: "the Serve config",
      found: error.slice(0, 2000),
      needed: "a config that Ray Serve accepts",
      fix: "run `npm start` again; if it stays, see the message above",
    });
  }
  await untilRunning(request, api, pollMs);
  noteSharedMemory(request.runDirectory);
}

async function untilRunning(request: ServeRequest, api: RayApi, pollMs: number): Promise<void> {
  let last = "";
  let lastSaid = 0;
  let silent = 0;
  while (elapsedSeconds() < deadlineSeconds) {
    const state = await applicationState(api);
    if (state?.status === "RUNNING") return;
    if (state?.status === "DEPLOY_FAILED" || state?.status === "UNHEALTHY") throw failure(request, state);
    silent = state === undefined ? silent + 1 : 0;
    if (silent > 40) throw failure(request, state);
    const doing = doingNow(request.runDirectory, begun);
    if (doing !== last || elapsedSeconds() - lastSaid >= 5) {
      progress(doing);
      last = doing;
      lastSaid = elapsedSeconds();
    }
    await sleep(pollMs);
  }
  throw failure(request, await applicationState(api));
}

/** Takes the application away; fine when Ray is gone, or so broken that it could not do it anyway. */
export async function deleteServe(request: Pick<ServeRequest, "runDirectory" | "dashboardPort">): Promise<void> {
  const dead = deadDaemons(request.runDirectory);
  if (dead === undefined || dead.length > 0) return;
  progress("taking the application away");
  noteSharedMemory(request.runDirectory);
  await rayApi(request.dashboardPort, rayTokenFile(request.runDirectory)).delete(path);
  // Serve ends the engine's processes by force: what they held is nobody's by now.
  removeUnused(request.runDirectory);
}
