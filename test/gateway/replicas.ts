import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildGateway } from "../../gateway/build";
import type { GatewayConfigInput } from "../../gateway/config";
import { AUDIENCE, Files, ISSUER, mint } from "./harness";

/** A gateway as a process of its own: the bundle, run away from the repository. */
export class Replica {
  private text = "";

  private constructor(
    readonly child: ChildProcess,
    readonly url: string,
  ) {
    child.stderr?.on("data", (part) => (this.text += String(part)));
  }

  static async start(bundle: string, configFile: string): Promise<Replica> {
    const child = spawn(process.execPath, [bundle, "--config", configFile], { cwd: "/" });
    const errors: string[] = [];
    child.stderr.on("data", (part) => errors.push(String(part)));
    const lines = await Promise.race([once(child.stdout, "data"), once(child, "exit").then(() => [])]);
    const url = /http:\S+[^,\s]/.exec(String(lines[0]))?.[0];
    if (url === undefined) throw new Error(`the gateway did not start: ${errors.join("")}`);
    const replica = new Replica(child, url);
    replica.text = errors.join("");
    return replica;
  }

  get log(): string {
    return this.text;
  }

  /** Only what is logged from now on counts. */
  forget(): void {
    this.text = "";
  }

  async logged(text: string): Promise<void> {
    while (!this.text.includes(text)) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, "exit");
    this.child.kill(signal);
    await exited;
  }
}

/** Replicas of one configuration, and the directory that they share. */
export class Fleet {
  private readonly replicas: Replica[] = [];
  private configs = 0;

  private constructor(
    readonly files: Files,
    private readonly bundle: string,
  ) {}

  static async make(): Promise<Fleet> {
    const files = new Files();
    const { file } = await buildGateway(join(files.dir, "gateway.js"));
    files.key("signing.pem");
    await files.users();
    return new Fleet(files, file);
  }

  async start(upstreamUrl: string, change: Partial<GatewayConfigInput> = {}): Promise<Replica> {
    const config: GatewayConfigInput = {
      listen: { port: 0 },
      upstream: { url: upstreamUrl },
      issuer: ISSUER,
      audience: AUDIENCE,
      signingKeys: [{ file: "signing.pem" }],
      usersFile: "users.json",
      readiness: { model: "small" },
      shutdownSeconds: 5,
      logLevel: "warn",
      ...change,
    };
    const file = this.files.write(`gateway-${(this.configs += 1)}.json`, JSON.stringify(config));
    const replica = await Replica.start(this.bundle, file);
    this.replicas.push(replica);
    return replica;
  }

  token(user = "root", scope = "admin"): Promise<string> {
    return mint(readFileSync(join(this.files.dir, "signing.pem"), "utf8"), user, { claims: { scope } });
  }

  /** Ends what is left of the replicas. */
  async endAll(): Promise<void> {
    await Promise.all(this.replicas.splice(0).map((replica) => replica.end("SIGKILL")));
  }

  async remove(): Promise<void> {
    await this.endAll();
    this.files.remove();
  }
}

/** One POST of JSON with a connection of Node's pool. Its answer is read to the end. */
export async function post(url: string, token: string, json: object): Promise<{ response: Response; text: string }> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(json),
  });
  return { response, text: await response.text() };
}

/** Work that goes on until it is told to end; a fault in any of it ends all of it. */
export class Load {
  private isOn = true;
  private readonly work: Promise<void>[] = [];

  get on(): boolean {
    return this.isOn;
  }

  /** Runs `turn` again and again, `many` at once, from turn 0 of each. */
  run(turn: (turn: number) => Promise<void>, many = 1): void {
    const loop = async (): Promise<void> => {
      try {
        for (let i = 0; this.isOn; i += 1) await turn(i);
      } finally {
        this.isOn = false;
      }
    };
    for (let i = 0; i < many; i += 1) this.work.push(loop());
  }

  /** Waits for something that only happens while the load goes on. */
  async until(condition: () => boolean): Promise<void> {
    while (this.isOn && !condition()) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** Ends all work. @throws the fault of any of it */
  async end(): Promise<void> {
    this.isOn = false;
    await Promise.all(this.work);
  }
}
