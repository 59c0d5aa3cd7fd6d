/** Looks which parts of a running stack are broken. Changes nothing. */
import { request as http } from "undici";
import { fetchAccessToken, generateOneToken, RefusedError } from "./firstToken";
import { gatewayRuns } from "./gateway";
import { rayApi } from "./rayApi";
import { deadDaemons } from "./ray";
import { rayTokenFile } from "./rayEnvironment";
import { applicationState } from "./serve";

/** A part that has to be made again, with what was seen. */
export interface Broken {
  readonly part: "ray" | "serve" | "gateway";
  readonly reason: string;
}

/** Where to look, and as whom to ask. */
export interface HealthRequest {
  readonly runDirectory: string;
  readonly dashboardPort: number;
  readonly gatewayPort: number;
  readonly endpoint: string;
  readonly model: string;
  readonly user: string;
  readonly password: string;
}

/** How long a token may take before the engine counts as stuck, in seconds: a busy CPU answers within a few. */
const tokenSeconds = 20;

async function brokenServe(request: HealthRequest): Promise<string | undefined> {
  const state = await applicationState(rayApi(request.dashboardPort, rayTokenFile(request.runDirectory)));
  if (state === undefined) return "Ray Serve knows no application";
  return state.status === "RUNNING" ? undefined : `the application is ${state.status}`;
}

/** Whether the engine generated for anybody lately: a queue may be too long for our own token to come in time. */
async function isBusy(endpoint: string): Promise<boolean> {
  try {
    const answer = await http(`${endpoint}/readyz`, { headersTimeout: tokenSeconds * 1000 });
    await answer.body.dump();
    return answer.statusCode === 200;
  } catch {
    return false;
  }
}

const timedOut = (error: unknown): boolean =>
  error instanceof Error && "code" in error && /^UND_ERR_(HEADERS|BODY)_TIMEOUT$/.test(String(error.code));

/** What a refusal or a silence means. A stack that is only busy, or a user at a limit, is not broken. */
async function meaning(error: unknown, endpoint: string, stage: "token" | "generate"): Promise<Broken[]> {
  if (error instanceof RefusedError && error.status === 429) return [];
  if (stage === "generate" && timedOut(error) && (await isBusy(endpoint))) return [];
  const reason = `no token comes: ${error instanceof Error ? error.message : String(error)}`;
  return [{ part: stage === "token" ? "gateway" : "serve", reason }];
}

async function brokenToken(request: HealthRequest): Promise<Broken[]> {
  let token: string;
  try {
    token = await fetchAccessToken(request.endpoint, request.user, request.password);
  } catch (error) {
    return meaning(error, request.endpoint, "token");
  }
  try {
    await generateOneToken(request.endpoint, token, request.model, tokenSeconds);
    return [];
  } catch (error) {
    return meaning(error, request.endpoint, "generate");
  }
}

/** The broken parts. What stands on a broken part is replaced with it, and not named again. */
export async function findBroken(request: HealthRequest): Promise<Broken[]> {
  const broken: Broken[] = [];
  if (!(await gatewayRuns(request.runDirectory, request.gatewayPort))) {
    broken.push({ part: "gateway", reason: "its process is gone or does not answer" });
  }
  const dead = deadDaemons(request.runDirectory);
  if (dead === undefined || dead.length > 0) {
    const names = (dead ?? []).map(({ name, pid }) => `${(name.split(" ")[0] ?? "").split("/").pop() ?? ""} (${pid})`);
    const reason = names.length === 0 ? "it was never started here" : `gone: ${names.join(", ")}`;
    return [...broken, { part: "ray", reason }];
  }
  const serve = await brokenServe(request);
  if (serve !== undefined) return [...broken, { part: "serve", reason: serve }];
  if (broken.length > 0) return broken; // Without a gateway no token can be asked for.
  return brokenToken(request);
}
