/** A stack on this machine. */
import type { Finding, Judgement } from "../findings";
import { engineFix } from "./engineFix";

/** What was seen of Ray's own processes. */
export interface RayFacts {
  readonly runDirectory: string;
  /** Daemons that are gone: "raylet (123)"; absent where Ray was never started here. */
  readonly dead?: readonly string[];
}

/** `npm start` looks by itself which part is broken, and replaces that. */
const repair = "npm start: it replaces what is broken, and what stands on it";

/** Judges Ray's processes. */
export function judgeRay({ runDirectory, dead }: RayFacts): Judgement {
  const checked = `Ray's daemons, by ${runDirectory}/ray`;
  const expected = "all that were started run";
  if (dead === undefined) {
    return {
      findings: [{ checked, found: "it was never started here", expected, fix: "npm start" }],
      seen: "not started",
    };
  }
  if (dead.length === 0) return { findings: [], seen: "all daemons run" };
  return {
    findings: [{ checked, found: `gone: ${dead.join(", ")}`, expected, fix: repair }],
    seen: `${dead.length} gone`,
  };
}

/** What Ray Serve says. */
export interface LocalEngineFacts {
  readonly port: number;
  readonly model: string;
  /** Absent: Ray does not answer, or knows no application. */
  readonly state?: { readonly status: string; readonly message: string };
  /** Error lines of the engine, the last ones. */
  readonly said: readonly string[];
}

/** Judges the application. */
export function judgeLocalEngine({ port, model, state, said }: LocalEngineFacts): Judgement {
  const checked = `the application of ${model}, asked at 127.0.0.1:${port}`;
  const expected = "RUNNING";
  if (state === undefined) {
    const found = "Ray Serve does not answer, or knows no application";
    return { findings: [{ checked, found, expected, fix: repair }], seen: "no application" };
  }
  if (state.status === "RUNNING") return { findings: [], seen: `${model} is RUNNING` };
  const message = state.message.replace(/\s+/g, " ").trim().slice(0, 900);
  const found = message === "" ? state.status : `${state.status}: ${message}`;
  const busy = /DEPLOYING|NOT_STARTED/.test(state.status);
  const fix = busy ? "wait: it is starting" : (engineFix(`${found} ${said.join(" ")}`) ?? repair);
  return { findings: [{ checked, found, expected, fix }], seen: `${model} is ${state.status}` };
}

/** What was seen of the gateway. */
export interface LocalGatewayFacts {
  readonly port: number;
  /** Whether a process of this stack's lives. */
  readonly lives: boolean;
  readonly answers: boolean;
}

/** Judges the gateway. */
export function judgeLocalGateway({ port, lives, answers }: LocalGatewayFacts): Judgement {
  const checked = `the gateway at 127.0.0.1:${port}`;
  const expected = "a process of this stack's that answers /healthz";
  const of = (found: string, fix: string): Finding => ({ checked, found, expected, fix });
  if (lives && answers) return { findings: [], seen: `it answers at 127.0.0.1:${port}` };
  if (lives) return { findings: [of("its process runs and does not answer", repair)], seen: "silent" };
  if (answers)
    return {
      findings: [of("another program answers there", "end that program, then npm start")],
      seen: "another program",
    };
  return { findings: [of("no process", repair)], seen: "gone" };
}
