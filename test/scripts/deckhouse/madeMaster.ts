/** A made master behind a real sshd on loopback, and the simulated programs beside it. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { commandOf, secretLines, stdinOf, type Script, type Stage } from "../../../components/scripts";
import type { World } from "../../../sim/dhctl/world";
import { Place, freePort } from "../../support/fixtures";

/** What a made master can do: the stages of a cluster's own bring-up. */
type MasterStage = Exclude<Stage, "upgrade" | "wait" | "warm">;

/** The script that a stage is in. */
const scriptOf = (stage: MasterStage): Script => {
  switch (stage) {
    case "bootstrap":
    case "forget":
      return "bootstrap";
    case "apply":
    case "delete":
      return "object";
    case "node_remove":
      return "node";
    case "check":
      return "existing";
    case "identity":
    case "kubeconfig":
      return "kubeconfig";
    case "host_key":
      return "hostKey";
    case "ready":
    case "version":
      return stage;
  }
};

/** How a script ended. */
export interface Ended {
  readonly code: number | NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

const shared = new Place();
const bundle = shared.path("sim.js");

/** The simulation as one file: `tsx` for each of its many short processes would take most of a test's time. */
function build(): void {
  if (existsSync(bundle)) return;
  const entry = join(__dirname, "..", "..", "..", "sim", "dhctl", "main.ts");
  buildSync({ entryPoints: [entry], outfile: bundle, bundle: true, platform: "node", format: "cjs" });
}
process.on("exit", () => shared.remove());

/** Licence key of the made registry: it must be nowhere but in standard input, and in files of mode 0600 while they are needed. */
export const licence = "CANARY.licence-key";

/** What a made master has besides. */
export interface MadeMasterOptions {
  /** Address of loopback that its sshd listens at. @default "127.0.0.1" */
  readonly address?: string;
  /** The real kubectl, where a real cluster is handed over to it (`sim/dhctl/handover.ts`). @default the simulated one */
  readonly kubectl?: string;
}

export class MadeMaster {
  readonly place = new Place();
  readonly world = this.place.make("world");
  readonly state = this.place.path("state");
  readonly children: ChildProcess[] = [];
  port = 0;
  hostKey = "";
  /** The node key, PEM. */
  key = "";
  readonly address: string;
  private readonly kubectl: string | undefined;
  private sshd: ChildProcess | undefined;

  constructor({ address = "127.0.0.1", kubectl }: MadeMasterOptions = {}) {
    this.address = address;
    this.kubectl = kubectl;
  }

  /** Starts sshd and lays the programs out. */
  async start(): Promise<void> {
    build();
    for (const name of ["host", "other", "node"]) {
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "made", "-f", this.place.path(name)]);
    }
    this.key = this.place.read("node");
    this.hostKey = this.place.read("host.pub").split(" ").slice(0, 2).join(" ");
    this.programs("host-bin", ["docker"]);
    this.programs("master-bin", ["kubectl", "d8", "docker"]);
    if (this.kubectl !== undefined) this.place.program("master-bin/kubectl", `exec '${this.kubectl}' "$@"`);
    this.place.program("master-bin/sudo", 'shift; exec "$@"');
    this.place.program("login", this.login());
    this.port = await freePort();
    // As root, sshd wants its own directory to be there.
    if (userInfo().uid === 0) mkdirSync("/run/sshd", { recursive: true });
    this.place.write("sshd_config", this.sshdConfig());
    chmodSync(this.place.path("node.pub"), 0o600);
    this.change((world) => (world.licence = licence));
    // It ends with this process, in whatever way that ends.
    const sshd = ["--pdeathsig=KILL", "/usr/sbin/sshd", "-D", "-e", "-f", this.place.path("sshd_config")];
    this.sshd = spawn("setpriv", sshd, { stdio: "ignore" });
    await this.answers();
  }

  private programs(directory: string, names: readonly string[]): void {
    for (const name of names) {
      this.place.program(`${directory}/${name}`, `exec ${process.execPath} ${bundle} ${name} "$@"`);
    }
  }

  private login(): string {
    return [
      `export TOKENRACK_SIM_WORLD=${this.world} ADMIN_CONF=${this.world}/admin.conf BASHIBLE=${this.world}/bashible poll_seconds=${this.kubectl === undefined ? 0 : 1}`,
      `export PATH=${this.place.path("master-bin")}:/usr/bin:/bin`,
      'printf "%s\\n" "$SSH_ORIGINAL_COMMAND" >>"$TOKENRACK_SIM_WORLD/ssh.log"',
      'exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"',
    ].join("\n");
  }

  private sshdConfig(): string {
    return [
      `Port ${this.port}`,
      `ListenAddress ${this.address}`,
      `HostKey ${this.place.path("host")}`,
      `AuthorizedKeysFile ${this.place.path("node.pub")}`,
      `PidFile ${this.place.path("sshd.pid")}`,
      `ForceCommand ${this.place.path("login")}`,
      "StrictModes no",
      "UsePAM no",
      "PermitRootLogin yes",
      "PasswordAuthentication no",
      "",
    ].join("\n");
  }

  private async answers(): Promise<void> {
    for (;;) {
      const socket = connect(this.port, this.address);
      const up = await Promise.race([
        once(socket, "connect").then(() => true),
        once(socket, "error").then(
          () => false,
          () => false,
        ),
      ]).catch(() => false);
      socket.destroy();
      if (up) return;
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  /** Everything as at the start, without another sshd. */
  reset(): void {
    this.killAll();
    for (const name of ["world", "state"])
      rmSync(this.place.path(name), { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    this.place.make("world");
    this.change((world) => (world.licence = licence));
  }

  /** A master with Deckhouse on it, for the stages that come after. */
  installed(): void {
    this.reset();
    writeFileSync(join(this.world, "admin.conf"), "clusters:\n- cluster: { server: https://127.0.0.1:6445 }\n");
    this.change((world) => {
      world.deckhouse = true;
      world.uid = "uid-1";
      world.nodes = [{ name: "master-1", group: "master", ready: true }];
    });
  }

  /** Changes the world between two runs. */
  change(change: (world: World) => void): void {
    const world = this.read();
    change(world);
    writeFileSync(join(this.world, "world.json"), JSON.stringify(world));
  }

  read(): World {
    const file = join(this.world, "world.json");
    const empty: World = { licence: "", steps: {}, deckhouse: false, clusterConfiguration: "", objects: {}, nodes: [] };
    return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as World) : empty;
  }

  /** What was written to the master so far, in order. */
  writes(): readonly string[] {
    const file = join(this.world, "writes.log");
    return existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
  }

  /** Starts a stage where it belongs: on the bootstrap host, or as the master's own shell. */
  begin(
    stage: MasterStage,
    settings: Readonly<Record<string, string>>,
    how: { secrets?: Readonly<Record<string, string>>; env?: NodeJS.ProcessEnv } = {},
  ): { child: ChildProcess; ended: Promise<Ended> } {
    const host = stage === "bootstrap" || stage === "forget";
    const child = spawn("/bin/sh", ["-c", commandOf(scriptOf(stage), stage, { cluster: "test", ...settings })], {
      env: {
        PATH: `${this.place.path(host ? "host-bin" : "master-bin")}:/usr/bin:/bin`,
        HOME: this.place.directory,
        TOKENRACK_SIM_WORLD: this.world,
        ...(host ? {} : { ADMIN_CONF: join(this.world, "admin.conf") }),
        ...how.env,
      },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.children.push(child);
    child.stdin.on("error", () => undefined);
    child.stdin.end(stdinOf(scriptOf(stage), secretLines(how.secrets ?? {})));
    const text = { out: "", err: "" };
    child.stdout.on("data", (part: Buffer) => (text.out += part.toString()));
    child.stderr.on("data", (part: Buffer) => (text.err += part.toString()));
    const ended = new Promise<Ended>((done) =>
      child.on("exit", (code, signal) => {
        // What was written before the end is read first; a container that lives on holds the pipes open.
        setImmediate(() => done({ code: code ?? signal, ...text }));
      }),
    );
    return { child, ended };
  }

  /** Runs a stage over SSH, as `remote.Command` does. @param cut bytes of standard input that get through. @default all */
  async overSsh(stage: MasterStage, settings: Readonly<Record<string, string>>, cut?: number): Promise<Ended> {
    const options = [
      "StrictHostKeyChecking=no",
      "UserKnownHostsFile=/dev/null",
      "LogLevel=ERROR",
      "IdentitiesOnly=yes",
    ];
    const args = [
      ...options.flatMap((option) => ["-o", option]),
      "-i",
      this.place.path("node"),
      "-p",
      String(this.port),
    ];
    const command = commandOf(scriptOf(stage), stage, { cluster: "test", ...settings });
    const child = spawn("ssh", ["-T", "-F", "/dev/null", ...args, "127.0.0.1", command]);
    child.stdin.end(stdinOf(scriptOf(stage)).slice(0, cut));
    const text = { out: "", err: "" };
    child.stdout.on("data", (part: Buffer) => (text.out += part.toString()));
    child.stderr.on("data", (part: Buffer) => (text.err += part.toString()));
    const [code] = (await once(child, "close")) as [number];
    return { code, ...text };
  }

  /** Runs a stage to its end. */
  async run(...args: Parameters<MadeMaster["begin"]>): Promise<Ended> {
    return this.begin(...args).ended;
  }

  /** The process of the container that runs; undefined without. */
  container(): number | undefined {
    const file = join(this.world, "containers", "tokenrack-dhctl-test");
    return existsSync(file) ? Number(readFileSync(file, "utf8")) : undefined;
  }

  private killAll(): void {
    for (const child of this.children) child.kill("SIGKILL");
    const pid = this.container();
    if (pid === undefined) return;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  }

  async end(): Promise<void> {
    this.killAll();
    if (this.sshd !== undefined && this.sshd.exitCode === null && this.sshd.signalCode === null) {
      this.sshd.kill();
      await once(this.sshd, "exit");
    }
    this.place.remove();
  }
}
