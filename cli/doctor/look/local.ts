/** What runs on this machine, as `npm start` made it. */
import { lastErrors } from "../../../local/engineLog";
import { isAnswering } from "../../../local/gateway";
import { findProcesses, isAlive } from "../../../local/processes";
import { deadDaemons } from "../../../local/ray";
import { rayApi } from "../../../local/rayApi";
import { rayTokenFile } from "../../../local/rayEnvironment";
import { applicationState } from "../../../local/serve";
import type { LocalStackPlan } from "../../../plan/types";
import type { LogTail } from "../findings";
import type { LocalEngineFacts, LocalGatewayFacts, RayFacts } from "../judge/local";

/** Ray's processes. */
export function lookAtRay({ local }: LocalStackPlan): RayFacts {
  const runDirectory = local.paths.run;
  const dead = deadDaemons(runDirectory);
  const names = dead?.map(({ name, pid }) => `${(name.split(" ")[0] ?? "").split("/").pop() ?? ""} (${pid})`);
  return { runDirectory, ...(names === undefined ? {} : { dead: names }) };
}

/** The application, as Ray Serve tells it, and the engine's error lines. @param clean takes secrets out of a text, before it is cut */
export async function lookAtEngine(
  plan: LocalStackPlan,
  clean: (text: string) => string,
): Promise<{ readonly facts: LocalEngineFacts; readonly logs: readonly LogTail[] }> {
  const { ports, paths } = plan.local;
  const port = ports.rayDashboard;
  const state = await applicationState(rayApi(port, rayTokenFile(paths.run)));
  // Lines of an engine that runs again tell of one that does not any more.
  const lines = state?.status === "RUNNING" ? [] : lastErrors(paths.run, 0);
  const said = lines.length === 0 ? [] : clean(lines.join("\n")).split("\n");
  const known = state === undefined ? {} : { state: { ...state, message: clean(state.message) } };
  const facts = { port, model: plan.models[0].name, said, ...known };
  return {
    facts,
    logs: said.length === 0 ? [] : [{ of: "its engine", lines: said.map((line) => line.slice(0, 400)) }],
  };
}

/** The gateway's process and port. */
export async function lookAtGateway({ local, gateway }: LocalStackPlan): Promise<LocalGatewayFacts> {
  const lives = findProcesses(local.paths.run, "gateway").some(isAlive);
  return { port: gateway.port, lives, answers: await isAnswering(gateway.port) };
}
