/** One token through the gateway, as a client would ask for it. */
import { Agent, buildConnector, getGlobalDispatcher, request as http, setGlobalDispatcher } from "undici";
import { fetchAccessToken, generateOneToken, RefusedError } from "../../../local/firstToken";
import type { TokenFacts } from "../judge/gateway";
import type { Address } from "../options";
import { authorities } from "./tls";

/** Whom to ask as, and for what. */
export interface TokenQuestion {
  readonly endpoint: string;
  readonly user: string;
  readonly password: string;
  readonly model: string;
  /** For the token. */
  readonly seconds: number;
}

type Outcome = TokenFacts["outcome"];

const words = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? String(error.code) : "";
  return [error.message, code].filter((text) => text !== "").join(" ") || error.name;
};

const timedOut = (error: unknown): boolean =>
  error instanceof Error && "code" in error && /^UND_ERR_(HEADERS|BODY)_TIMEOUT$/.test(String(error.code));

/** Whether the engine generated for anybody lately. */
async function isBusy(endpoint: string): Promise<boolean> {
  try {
    const answer = await http(`${endpoint}/readyz`, { headersTimeout: 10_000 });
    await answer.body.dump();
    return answer.statusCode === 200;
  } catch {
    return false;
  }
}

async function failed(error: unknown, stage: "login" | "model", endpoint: string): Promise<Outcome> {
  if (error instanceof RefusedError) return { kind: "refused", stage, status: error.status, said: error.message };
  const said = words(error);
  if (stage === "model" && timedOut(error) && (await isBusy(endpoint))) return { kind: "busy", said };
  return { kind: "silent", stage, said };
}

/** Asks for one. */
export async function lookAtToken({ endpoint, user, password, model, seconds }: TokenQuestion): Promise<TokenFacts> {
  const about = { endpoint, user, model };
  let token: string;
  try {
    token = await fetchAccessToken(endpoint, user, password);
  } catch (error) {
    return { ...about, outcome: await failed(error, "login", endpoint) };
  }
  const began = performance.now();
  try {
    await generateOneToken(endpoint, token, model, seconds);
    return { ...about, outcome: { kind: "token", seconds: (performance.now() - began) / 1000 } };
  } catch (error) {
    return { ...about, outcome: await failed(error, "model", endpoint) };
  }
}

/** While `body` runs, HTTPS goes to `at`, and the stack's own authority is trusted besides the others. */
export async function through<T>(at: Address | undefined, ca: string | undefined, body: () => Promise<T>): Promise<T> {
  const connector = buildConnector({ ca: [...authorities(ca)] });
  const agent = new Agent({
    connect: (asked, callback) => {
      const there = at === undefined ? {} : { hostname: at.host, port: String(at.port), servername: asked.hostname };
      connector({ ...asked, ...there }, callback);
    },
  });
  const before = getGlobalDispatcher();
  setGlobalDispatcher(agent);
  try {
    return await body();
  } finally {
    setGlobalDispatcher(before);
    await agent.destroy();
  }
}
