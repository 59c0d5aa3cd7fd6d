/** A plan, secrets and results to try components with. */
import * as pulumi from "@pulumi/pulumi";
import { join } from "node:path";
import type { Secrets } from "../../config/load";
import type { LocalStackPlan } from "../../plan/plan";
import { shellQuote } from "../../system/shell";
import type { Outputs, Registration } from "../support/mocks";
import { tiny } from "../render/plans";

/** The built-in model on a CPU, on ports and paths that are no defaults, so that a mixed-up one shows. */
export const plan: LocalStackPlan = {
  ...tiny,
  local: {
    ...tiny.local,
    ray: { ...tiny.local.ray, numCpus: 5, reservedCores: 3, objectStoreMib: 128 },
    ports: { gateway: 18080, serve: 18000, rayGcs: 16379, rayDashboard: 18265, rayClient: 20001 },
    paths: { run: "/house/run", cache: "/house/cache", gatewayBundle: "/house/gateway.js" },
  },
  gateway: { ...tiny.gateway, port: 18080, issuer: "http://127.0.0.1:18080", upstreamUrl: "http://127.0.0.1:18000" },
};

/** Texts that must not appear anywhere but in a secret. */
export const canaries = {
  rayToken: "CANARY-ray-token",
  signingKey: "CANARY-signing-key",
  users: "CANARY-users",
  firstUserPassword: "CANARY-password",
} as const;

export const secrets = (): Secrets => ({
  rayToken: pulumi.secret(canaries.rayToken),
  signingKey: pulumi.secret(canaries.signingKey),
  users: pulumi.secret(canaries.users),
  firstUserPassword: pulumi.secret(canaries.firstUserPassword),
});

/** What the verbs of `local/main.ts` answer. */
const results: Readonly<Record<string, object>> = {
  "python-install": { pythonDirectory: "/house/cache/python/cpu-1" },
  "model-provide": { directory: "/house/cache/models/tiny-llama" },
  "ray-start": { session: "session_1" },
  "serve-deploy": { deployed: "2026-01-01T00:00:00.000Z" },
  "gateway-start": { pid: 4711 },
  "first-token": { endpoint: "http://127.0.0.1:18080" },
};

/** The verb of a command line. */
export const verbOf = (commandLine: unknown): string => String(commandLine).split(" ").at(-1) ?? "";

export const outputs: Outputs = (_, inputs) => ({ stdout: JSON.stringify(results[verbOf(inputs["create"])]) });

const root = join(__dirname, "..", "..");

/** The command line of a verb. */
export const commandLine = (verb: string): string =>
  `node --import tsx ${shellQuote(join(root, "local", "main.ts"))} ${verb}`;

/** Inputs that every command has. */
export const common = { dir: root, logging: "stderr", addPreviousOutputInEnv: false } as const;

const without = (group: object, ...names: string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(group).filter(([name]) => !names.includes(name)));

/** The inputs of a command without its TOKENRACK_INPUT and stdin, which are looked at by themselves. */
export function otherInputs({ inputs }: Registration): Record<string, unknown> {
  const environment = without(inputs["environment"] as object, "TOKENRACK_INPUT");
  return {
    ...without(inputs, "environment", "stdin"),
    ...(Object.keys(environment).length === 0 ? {} : { environment }),
  };
}

/** TOKENRACK_INPUT as it reached the engine. */
export function rawInput({ inputs }: Registration): unknown {
  return (inputs["environment"] as Record<string, unknown>)["TOKENRACK_INPUT"];
}

/** TOKENRACK_INPUT as the verb reads it. */
export const input = (registration: Registration): unknown => JSON.parse(String(rawInput(registration)));

/** The names of the secrets whose text is found in a registration, outside of its stdin. */
export function leaks({ inputs }: Registration): string[] {
  const text = JSON.stringify(without(inputs, "stdin"));
  return Object.entries(canaries).flatMap(([name, canary]) => (text.includes(canary) ? [name] : []));
}
