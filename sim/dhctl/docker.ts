/** `docker` and `podman` on the bootstrap host, for one image: Deckhouse's installer. A container is a process of its own, which outlives its client. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, readSync, rmSync, writeFileSync, closeSync } from "node:fs";
import { join } from "node:path";
import { readWorld, worldDirectory } from "./world";

const recordOf = (name: string): string => {
  mkdirSync(join(worldDirectory(), "containers"), { recursive: true });
  return join(worldDirectory(), "containers", name);
};

/** Process of a container that runs; undefined where there is none. */
function pidOf(name: string): number | undefined {
  const record = recordOf(name);
  if (!existsSync(record)) return undefined;
  const pid = Number(readFileSync(record, "utf8"));
  try {
    process.kill(pid, 0);
    return pid;
  } catch {
    rmSync(record, { force: true });
    return undefined;
  }
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

interface RunArguments {
  readonly name: string;
  readonly mounts: Readonly<Record<string, string>>;
  readonly image: string;
  readonly command: readonly string[];
}

function runArguments(args: readonly string[]): RunArguments | string {
  const mounts: Record<string, string> = {};
  let name = "";
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? "";
    if (["--rm", "--pull=always", "--network=host"].includes(arg)) continue;
    if (!arg.startsWith("-")) return { name, mounts, image: arg, command: args.slice(index + 1) };
    const value = args[++index] ?? "";
    if (arg === "--name") name = value;
    else if (arg === "-v") {
      const [source = "", target = ""] = value.split(":");
      // The real one makes a directory of a source that is not there, and the installer then finds no file.
      if (!existsSync(source)) return `invalid mount: ${source} does not exist`;
      mounts[target] = source;
    } else if (arg !== "--security-opt") return `unknown flag: ${arg}`;
  }
  return "requires at least 1 argument";
}

/** The licensed repositories ask for the key; CE's is open. */
function mayPull(image: string): boolean {
  const [registry = ""] = image.split("/");
  if (image.includes("/ce/")) return true;
  const file = join(process.env["DOCKER_CONFIG"] ?? "", "config.json");
  if (!existsSync(file)) return false;
  const { auths } = JSON.parse(readFileSync(file, "utf8")) as { auths: Record<string, { auth: string } | undefined> };
  const login = Buffer.from(auths[registry]?.auth ?? "", "base64").toString();
  return login === `license-token:${readWorld().licence}`;
}

/** Copies what a growing file has got since the last time. */
function follow(fd: number): void {
  const buffer = Buffer.alloc(65_536);
  for (let size = readSync(fd, buffer); size > 0; size = readSync(fd, buffer))
    process.stdout.write(buffer.subarray(0, size));
}

async function run(args: readonly string[]): Promise<number> {
  const parsed = runArguments(args);
  if (typeof parsed === "string") {
    say(`docker: ${parsed}`);
    return 125;
  }
  const { name, mounts, image, command } = parsed;
  if (!/\/install:[\w.-]+$/.test(image)) return (say(`docker: pull access denied for ${image}`), 125);
  if (!mayPull(image)) return (say(`docker: Error response from daemon: unauthorized: authentication required`), 125);
  if (pidOf(name) !== undefined) return (say(`docker: Conflict. The container name "/${name}" is already in use`), 125);
  const log = `${recordOf(name)}.log`;
  writeFileSync(log, "");
  const output = openSync(log, "a");
  const child = spawn(process.execPath, [process.argv[1] ?? "", ...command], {
    detached: true,
    stdio: ["ignore", output, output],
    env: { ...process.env, TOKENRACK_SIM_MOUNTS: JSON.stringify(mounts) },
  });
  writeFileSync(recordOf(name), String(child.pid));
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  process.on("SIGINT", () => child.kill("SIGINT"));
  const ended = new Promise<number>((done) =>
    child.on("exit", (code, signal) => done(code ?? (signal === "SIGKILL" ? 137 : 143))),
  );
  const input = openSync(log, "r");
  const timer = setInterval(() => follow(input), 20);
  const code = await ended;
  clearInterval(timer);
  follow(input);
  closeSync(input);
  rmSync(recordOf(name), { force: true });
  return code;
}

async function stop(name: string): Promise<number> {
  const pid = pidOf(name);
  if (pid === undefined) return (say(`Error response from daemon: No such container: ${name}`), 1);
  process.kill(pid, "SIGTERM");
  for (let tries = 0; pidOf(name) !== undefined; tries++) {
    if (tries === 50) process.kill(pid, "SIGKILL");
    await wait(20);
  }
  return 0;
}

/** Runs it. @returns the exit code */
export async function docker([verb = "", ...args]: readonly string[]): Promise<number> {
  switch (verb) {
    case "run":
      return run(args);
    case "stop":
      return stop(args.at(-1) ?? "");
    case "rm":
      return stop(args.at(-1) ?? "");
    default:
      return (say(`docker: '${verb}' is not a docker command`), 1);
  }
}
