/**
 * The commands that the components of stack `local` run on this machine, one verb each:
 * `node --import tsx local/main.ts <verb>`. Input: JSON in TOKENRACK_INPUT (plain, shown in previews) and, where there are
 * secrets, JSON on stdin. Output: progress on stderr, one JSON object on stdout. Exit code 1 with a message on a fault.
 */
import { text } from "node:stream/consumers";
import * as z from "zod";
import { firstToken } from "./firstToken";
import { startGateway, stopGateway } from "./gateway";
import { provideModel } from "./model";
import { installPython, restorePython } from "./pythonEnv";
import { startRay, stopRay } from "./ray";
import { LocalError, result } from "./report";
import { deleteServe, deployServe } from "./serve";

const port = z.number().int();
const runDirectory = z.string();

const inputs = {
  // The lock's hash is there to be another input when the lock is another one; what is installed is what lies here.
  python: z.object({ cacheDirectory: z.string(), lock: z.enum(["cpu", "cuda"]), hash: z.string() }),
  model: z.object({
    kind: z.enum(["builtin", "directory", "huggingface"]),
    source: z.string(),
    revision: z.string().optional(),
    cacheDirectory: z.string(),
    pythonDirectory: z.string(),
    maxModelLen: z.number().int().optional(),
  }),
  ray: z.object({
    runDirectory,
    cacheDirectory: z.string(),
    pythonDirectory: z.string(),
    ports: z.object({ rayGcs: port, rayDashboard: port, rayClient: port }),
    numCpus: z.number(),
    numGpus: z.number(),
    reservedCores: z.number(),
    objectStoreMib: z.number(),
    gpuIndex: z.number().optional(),
  }),
  serve: z.object({
    runDirectory,
    cacheDirectory: z.string(),
    pythonDirectory: z.string(),
    gcsPort: port,
    dashboardPort: port,
    serveConfig: z.string(),
  }),
  gateway: z.object({ runDirectory, bundle: z.string(), config: z.string(), port }),
  firstToken: z.object({ endpoint: z.string(), model: z.string(), user: z.string(), deadlineSeconds: z.number() }),
  stop: z.object({ runDirectory }),
  stopServe: z.object({ runDirectory, dashboardPort: port }),
};

const secrets = {
  ray: z.object({ rayToken: z.string() }),
  gateway: z.object({ signingKey: z.string(), users: z.string() }),
  firstToken: z.object({ password: z.string() }),
};

const fromEnvironment = (): unknown => JSON.parse(process.env["TOKENRACK_INPUT"] ?? "{}");
const fromStdin = async (): Promise<unknown> => JSON.parse(await text(process.stdin));

const verbs: Readonly<Record<string, () => Promise<void>>> = {
  "python-install": async () => {
    const input = inputs.python.parse(fromEnvironment());
    result({ pythonDirectory: await installPython(input.cacheDirectory, input.lock) });
  },
  "model-provide": async () => {
    const input = inputs.model.parse(fromEnvironment());
    if (input.kind === "huggingface") await restorePython(input.cacheDirectory, input.pythonDirectory);
    result({ directory: await provideModel(input) });
  },
  "ray-start": async () => {
    const { rayToken } = secrets.ray.parse(await fromStdin());
    const input = inputs.ray.parse(fromEnvironment());
    await restorePython(input.cacheDirectory, input.pythonDirectory);
    result({ session: await startRay(input, rayToken) });
  },
  "ray-stop": async () => stopRay(inputs.stop.parse(fromEnvironment()).runDirectory),
  "serve-deploy": async () => {
    const input = inputs.serve.parse(fromEnvironment());
    await deployServe(input);
    result({ deployed: new Date().toISOString() });
  },
  "serve-delete": async () => deleteServe(inputs.stopServe.parse(fromEnvironment())),
  "gateway-start": async () => {
    const input = inputs.gateway.parse(fromEnvironment());
    result({ pid: await startGateway(input, secrets.gateway.parse(await fromStdin())) });
  },
  "gateway-stop": async () => stopGateway(inputs.stop.parse(fromEnvironment()).runDirectory),
  "first-token": async () => {
    const { password } = secrets.firstToken.parse(await fromStdin());
    const input = inputs.firstToken.parse(fromEnvironment());
    await firstToken(input, password);
    result({ endpoint: input.endpoint });
  },
};

async function main(): Promise<void> {
  const verb = verbs[process.argv[2] ?? ""];
  if (verb === undefined) throw new LocalError(`unknown verb; one of: ${Object.keys(verbs).join(", ")}`);
  await verb();
}

main().catch((error: unknown) => {
  // A fault of the user's is a message; anything else is ours, and its stack trace helps whoever reports it.
  process.stderr.write(`${error instanceof LocalError ? error.message : String((error as Error).stack ?? error)}\n`);
  process.exitCode = 1;
});
