/** Deploys the Serve config and waits until its application runs; says meanwhile what the engine is doing. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parse } from "yaml";
import * as z from "zod";
import { rayApi, type RayApi } from "./rayApi";
import { rayTempDirectory } from "./runFiles";
import { elapsedSeconds, localError, progress } from "./report";
import { deadDaemons, rayTokenFile } from "./ray";

/** What to deploy, and where. */
export interface ServeRequest {
  readonly runDirectory: string;
  readonly dashboardPort: number;
  /** The Serve config, YAML (`render/serveConfig.ts`). */
  readonly serveConfig: string;
}

/** The only path: `serve deploy` calls the same one, after seconds of imports. @see ray/dashboard/modules/serve */
const path = "/api/serve/applications/";

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

/** Newest lines of the engine's logs that say something: what it is loading, or why it fails. */
function engineLines(runDirectory: string, pattern: RegExp): string[] {
  const logs = join(rayTempDirectory(runDirectory), "session_latest", "logs");
  if (!existsSync(logs)) return [];
  return readdirSync(logs)
    .filter((name) => /^worker-.*\.(out|err)$/.test(name))
    .map((name) => join(logs, name))
    .sort((a, b) => statSync(a).mtimeMs - statSync(b).mtimeMs)
    .flatMap((file) => readFileSync(file, "utf8").split("\n"))
    .filter((line) => pattern.test(line));
}

/** What the engine's own log lines mean to somebody who waits; the last one that was written counts. */
const milestones: readonly (readonly [RegExp, string])[] = [
  [/Importing application/, "importing Ray Serve LLM and vLLM"],
  [/Initializing a V1 LLM engine/, "starting the engine"],
  [/Starting to load model/, "loading the weights"],
  [/Loading safetensors checkpoint shards: +(\d+%)/, "loading the weights"],
  [/Warming up model|[Cc]ompil(?:ing|ed)|Dynamo bytecode transform/, "compiling for this machine"],
  [/KV cache size/, "setting up the KV cache"],
  [/init engine .* took/, "engine is up, starting the server"],
];

/** What the engine is doing, by its newest line that is a milestone. */
function doingNow(runDirectory: string): string {
  const line = engineLines(runDirectory, new RegExp(milestones.map(([pattern]) => pattern.source).join("|"))).at(-1);
  const found = milestones.find(([pattern]) => line !== undefined && pattern.test(line));
  if (line === undefined || found === undefined) return "importing Ray Serve LLM and vLLM";
  const detail = found[0].exec(line)?.[1];
  return detail === undefined ? found[1] : `${found[1]}, ${detail}`;
}

function failure(request: ServeRequest, state: ApplicationState | undefined): Error {
  const errors = engineLines(request.runDirectory, /(Error|Exception|error:)/).slice(-8);
  return localError({
    checked: "the model server",
    found: [state === undefined ? "Ray does not answer" : `${state.status}: ${state.message}`, ...errors].join("\n"),
    needed: "an application that runs",
    fix: `read the last lines above; all logs: ${rayTempDirectory(request.runDirectory)}/session_latest/logs`,
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
  const answer = await api.put(path, JSON.stringify(parse(request.serveConfig)));
  if (answer?.status !== 200) {
    const found =
      answer === undefined ? "Ray does not answer" : `status ${answer.status}: ${answer.body.slice(0, 2000)}`;
    throw localError({
      checked: "the Serve config",
      found,
      needed: "a config that Ray Serve accepts",
      fix: "run `npm start` again; if it stays, see the message above",
    });
  }
  await untilRunning(request, api, pollMs);
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
    const doing = doingNow(request.runDirectory);
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
  await rayApi(request.dashboardPort, rayTokenFile(request.runDirectory)).delete(path);
}
