import { spawn, type ChildProcess } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildGateway } from "../../gateway/build";
import type { GatewayConfigInput } from "../../gateway/config";
import { hashPassword } from "../../gateway/password";

const ROOT = join(__dirname, "..", "..");
const PASSWORD = "a password for the bench";

/** The bundle, its key and its users, in a directory of their own. */
export interface House {
  readonly dir: string;
  readonly bundle: string;
  readonly bundleBytes: number;
  remove(): void;
}

export async function makeHouse(): Promise<House> {
  const dir = mkdtempSync(join(tmpdir(), "tokenrack-bench-"));
  const { file, bytes } = await buildGateway(join(dir, "gateway.js"));
  const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });
  writeFileSync(join(dir, "signing.pem"), pem, { mode: 0o600 });
  const users = [{ name: "bench", passwordHash: await hashPassword(PASSWORD), scopes: ["admin"], models: "*" }];
  writeFileSync(join(dir, "users.json"), JSON.stringify({ users }), { mode: 0o600 });
  return { dir, bundle: file, bundleBytes: bytes, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

/** A child process that prints one line with its URL when it listens. */
export class Served {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string,
    /** Milliseconds from spawn to that line. */
    readonly startMs: number,
  ) {}

  static async start(args: readonly string[]): Promise<Served> {
    const startedMs = performance.now();
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
    const line = await Promise.race([once(child.stdout, "data"), once(child, "exit").then(() => [])]);
    const url = /http:\S+/.exec(String(line[0]))?.[0];
    if (url === undefined) throw new Error(`${args.join(" ")} did not start`);
    return new Served(child, url, performance.now() - startedMs);
  }

  get rssMb(): number {
    const status = readFileSync(`/proc/${this.child.pid}/status`, "utf8");
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  }

  get openFiles(): number {
    return readdirSync(`/proc/${this.child.pid}/fd`).length;
  }

  /** CPU seconds used so far (user and system; Linux counts in hundredths). */
  get cpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.child.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  async stop(): Promise<void> {
    const exited = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await exited;
  }
}

export function startEngine(slots?: number): Promise<Served> {
  const file = join(__dirname, "engine.ts");
  return Served.start(["--require", "tsx/cjs", file, ...(slots === undefined ? [] : [String(slots)])]);
}

let configs = 0;

export function startGatewayProcess(house: House, upstreamUrl: string, limits: object = {}): Promise<Served> {
  const config: GatewayConfigInput = {
    listen: { port: 0 },
    upstream: { url: upstreamUrl },
    issuer: "bench",
    audience: "bench",
    signingKeys: [{ file: "signing.pem" }],
    usersFile: "users.json",
    readiness: { model: "m" },
    limits: { requestsPerMinute: 1_000_000, concurrencyPerSubject: 10_000, inFlight: 10_000, ...limits },
    shutdownSeconds: 2,
    logLevel: "warn",
  };
  const file = join(house.dir, `gateway-${(configs += 1)}.json`);
  writeFileSync(file, JSON.stringify(config));
  return Served.start([house.bundle, "--config", file]);
}

export async function login(url: string): Promise<string> {
  const form = new URLSearchParams({ grant_type: "password", username: "bench", password: PASSWORD });
  const response = await fetch(`${url}/token`, { method: "POST", body: form });
  return ((await response.json()) as { access_token: string }).access_token;
}
