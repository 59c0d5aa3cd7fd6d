/**
 * Namespaces of a rack: processes, mounts and network. Their first process ends when its standard input does, which is
 * when the process that started it ends in whatever way; the kernel then kills all others in there, and what was mounted
 * and cabled goes with the last of them.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { run } from "../images/steps";

/**
 * What the kubelet would set on the whole machine, and what it wants. It reads these files before it writes them, so in
 * here they are others.
 * @see k8s.io/component-helpers/node/util/sysctl
 */
const tunables = {
  "vm/overcommit_memory": "1",
  "vm/panic_on_oom": "0",
  "kernel/panic": "10",
  "kernel/panic_on_oops": "1",
  "kernel/keys/root_maxkeys": "1000000",
  "kernel/keys/root_maxbytes": "25000000",
} as const;

/** What is written below these goes into the rack's own directory. */
const covered = ["/var/lib", "/var/log"] as const;

/** Runs as the first process. Its children would be zombies if it did not wait, which the shell does while `cat` runs. */
const init = (directory: string): string =>
  [
    "set -eu",
    "mount -t tmpfs -o mode=755 tmpfs /run",
    "mkdir /run/lock /run/netns /run/tunables",
    ...covered.map((one) => {
      const below = path.join(directory, "cover", one.replaceAll("/", "-").slice(1));
      const options = `lowerdir=${one},upperdir=${below}/upper,workdir=${below}/work`;
      return `mkdir -p '${below}/upper' '${below}/work'; mount -t overlay -o '${options}' overlay ${one}`;
    }),
    ...Object.entries(tunables).map(([name, value], index) => {
      const file = `/run/tunables/${index}`;
      return `echo ${value} > ${file}; mount --bind ${file} /proc/sys/${name}`;
    }),
    "ip link set lo up",
    "echo 1 > /proc/sys/net/ipv4/ip_forward",
    "echo ready",
    "cat > /dev/null",
    "exit 0",
  ].join("\n");

/** The process inside that a process outside waits for; undefined when it has none. */
export function childOf(pid: number): number | undefined {
  try {
    const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
    return first === undefined || first === "" ? undefined : Number(first);
  } catch {
    return undefined;
  }
}

export class Namespaces {
  private constructor(
    private readonly outside: ChildProcess,
    /** Its first process, by the number that the machine knows. */
    readonly pid: number,
  ) {}

  /** @param directory of the rack, on a disk @throws Error when the namespaces cannot be made (it takes root) */
  static async make(directory: string): Promise<Namespaces> {
    mkdirSync(directory, { recursive: true });
    const args = ["--fork", "--pid", "--mount", "--net", "--mount-proc", "--kill-child=KILL"];
    const child = spawn("unshare", [...args, "/bin/sh", "-c", init(directory)], {
      stdio: ["pipe", "pipe", "pipe"],
      // A Ctrl-C on the terminal is for the starter, who ends the rack in order.
      detached: true,
    });
    let said = "";
    child.stderr.on("data", (text: Buffer) => (said += text.toString()));
    const isReady = new Promise<boolean>((resolve) => {
      child.stdout.once("data", () => resolve(true));
      child.once("close", () => resolve(false));
      child.once("error", (error) => {
        said += error.message;
        resolve(false);
      });
    });
    const pid = (await isReady) ? childOf(child.pid ?? 0) : undefined;
    if (pid === undefined) throw new Error(`no namespaces for a cluster (it takes root on Linux): ${said.trim()}`);
    return new Namespaces(child, pid);
  }

  /** Runs what follows inside. */
  get enter(): readonly string[] {
    return ["nsenter", `--target=${this.pid}`, "--pid", "--mount", "--net", "--"];
  }

  /** Runs a short program inside. @throws Error with what it printed */
  run(command: string, ...args: readonly string[]): Promise<string> {
    const [nsenter = "", ...rest] = this.enter;
    return run(nsenter, [...rest, command, ...args]);
  }

  /** Ends all processes in there; resolves when the last one is gone. */
  async end(): Promise<void> {
    if (this.outside.exitCode !== null || this.outside.signalCode !== null) return;
    const gone = once(this.outside, "exit");
    this.outside.stdin?.end();
    await gone;
  }
}
