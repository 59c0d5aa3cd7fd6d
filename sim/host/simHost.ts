/**
 * A Proxmox host that no test machine has: real sshd, real shell, real files, in namespaces of its own on this machine;
 * its sysfs, its kernel and Proxmox's tools are made up. Needs root, unshare and openssh-server.
 */
import { spawn, type ChildProcess } from "node:child_process";
import {
  closeSync,
  constants,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { boot } from "./boot";
import { fingerprint } from "./fingerprint";
import type { SimOptions } from "./machine";
import { makeTree } from "./tree";
import { within } from "./within";

export type { SimOptions } from "./machine";

const START_MS = 20_000;

/** Where scripts and tools write. */
const written = ["etc", "boot", "var", "root"] as const;

/** Starts a host. @throws Error naming what this machine lacks */
export async function startHost(options: SimOptions): Promise<SimHost> {
  const missing = ["/usr/sbin/sshd", "/usr/bin/unshare", "/usr/bin/ssh-keygen", "/usr/bin/flock"].filter(
    (file) => !existsSync(file),
  );
  if (process.getuid?.() !== 0) throw new Error("a simulated host needs root: it has mounts of its own");
  if (missing.length > 0) throw new Error(`a simulated host needs ${missing.join(", ")} (openssh-server, util-linux)`);
  const base = mkdtempSync(join(tmpdir(), "tokenrack-host-"));
  const port = await freePort();
  const keys = makeTree(join(base, "root"), options, port);
  boot(join(base, "root"), options);
  const host = new SimHost(base, options, port, keys);
  await host.start();
  return host;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

export class SimHost {
  readonly address = "127.0.0.1";
  readonly user = "root";
  readonly hostKey: string;
  readonly privateKey: string;
  readonly root: string;
  /** How often it was rebooted. */
  reboots = 0;
  /** When it last went down and came back, in ms since 1970. */
  wentDownAt = 0;
  cameBackAt = 0;
  private process: ChildProcess | undefined;
  private readonly waiting: { readonly word: string; readonly done: () => void }[] = [];

  constructor(
    private readonly base: string,
    private options: SimOptions,
    readonly port: number,
    keys: { readonly hostKey: string; readonly privateKey: string },
  ) {
    this.root = join(base, "root");
    this.hostKey = keys.hostKey;
    this.privateKey = keys.privateKey;
  }

  /** Its first process, as this machine counts: all that runs on the host descends from it. */
  get pid(): number {
    return this.process?.pid ?? 0;
  }

  /** Powers it on. */
  async start(): Promise<void> {
    const enter = [join(__dirname, "enter.sh"), this.root, this.options.name ?? "pve1"];
    const namespaces = ["--mount", "--pid", "--uts", "--fork", "--kill-child=SIGKILL"];
    const child = spawn("unshare", [...namespaces, "sh", ...enter], { stdio: ["pipe", "pipe", "pipe"] });
    this.process = child;
    let complaint = "";
    child.stderr.on("data", (text: Buffer) => (complaint += text.toString()));
    createInterface({ input: child.stdout }).on("line", (word) => this.heard(word));
    const ended = new Promise<never>((_, reject) => {
      child.once("exit", (code) => reject(new Error(`the simulated host ended with ${code}: ${complaint}`)));
    });
    ended.catch(() => undefined);
    const up = this.next("up");
    await within(Promise.race([up, ended]), START_MS, "the simulated host did not start");
    const { vm } = this.options;
    if (vm !== undefined) await this.startVm(vm.id, vm.pci);
  }

  /** Ends it with everything on it, and removes its files. */
  async stop(): Promise<void> {
    const child = this.process;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      // The first process is the last to go: whatever runs on the host has ended before it.
      this.tell("quit");
      await within(gone, START_MS, "the simulated host did not end").catch(() => child.kill("SIGKILL"));
    }
    rmSync(this.base, { recursive: true, force: true });
  }

  /** Changes what it is made of, from the next boot on. */
  change(its: Partial<SimOptions>): void {
    this.options = { ...this.options, ...its };
  }

  /** Reboots it by hand. */
  reboot(): Promise<void> {
    return this.comesBack(() => this.tell("reboot"));
  }

  /** Brings back one that went down and never returned by itself. */
  powerOn(): Promise<void> {
    return this.comesBack(() => this.bootNow());
  }

  async startVm(id: number, pci: string): Promise<void> {
    const started = this.next("vm");
    this.tell(`vm ${id} ${pci}`);
    await within(started, START_MS, "the VM did not start");
  }

  /** The calls so far of commands that change something. */
  log(): string[] {
    return this.read(".sim/log")
      .split("\n")
      .filter((line) => line !== "");
  }

  /** Kills the session that makes the n-th of these calls from now on, before the call. */
  killAt(n: number | undefined): void {
    this.write(".sim/steps", "0\n");
    if (n === undefined) rmSync(join(this.root, ".sim/kill-at"), { force: true });
    else this.write(".sim/kill-at", `${n}\n`);
  }

  /** How many of these calls there were since `killAt`. */
  steps(): number {
    return existsSync(join(this.root, ".sim/steps")) ? Number(this.read(".sim/steps")) : 0;
  }

  /** Every file of the host with its content's time and place: equal before and after where nothing was written. */
  fingerprint(): string[] {
    return fingerprint(this.root, written);
  }

  /** Remembers its files under a name, for `rollBack`. */
  snapshot(name: string): void {
    this.copyFiles(this.root, join(this.base, name));
  }

  /** Its files as they were at a snapshot; what runs is not touched. */
  rollBack(name: string): void {
    this.copyFiles(join(this.base, name), this.root);
    this.killAt(undefined);
  }

  private copyFiles(from: string, to: string): void {
    for (const folder of written) {
      rmSync(join(to, folder), { recursive: true, force: true });
      cpSync(join(from, folder), join(to, folder), {
        recursive: true,
        verbatimSymlinks: true,
        preserveTimestamps: true,
      });
    }
  }

  has(path: string): boolean {
    return existsSync(join(this.root, path));
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), "utf8");
  }

  rm(path: string): void {
    rmSync(join(this.root, path));
  }

  write(path: string, text: string): void {
    writeFileSync(join(this.root, path), text);
  }

  bootId(): string {
    return this.read(".sim/proc/boot_id").trim();
  }

  private heard(word: string): void {
    const index = this.waiting.findIndex((one) => one.word === word);
    if (index >= 0) this.waiting.splice(index, 1)[0]?.done();
    if (word === "up") this.cameBackAt = Date.now();
    if (word !== "down") return;
    this.wentDownAt = Date.now();
    this.reboots += 1;
    if (this.options.neverReturns === true) return;
    setTimeout(() => {
      // A test may have ended it meanwhile.
      if (existsSync(this.root)) this.bootNow();
    }, this.options.bootMs ?? 100);
  }

  private async comesBack(after: () => void): Promise<void> {
    const up = this.next("up");
    after();
    await within(up, START_MS, "the simulated host did not come back");
  }

  private bootNow(): void {
    boot(this.root, this.options);
    this.tell("boot");
  }

  private next(word: string): Promise<void> {
    return new Promise((done) => this.waiting.push({ word, done }));
  }

  /** Not blocking: without a reader, because the host has ended, it fails at once. */
  private tell(event: string): void {
    const pipe = openSync(join(this.root, ".sim/events"), constants.O_WRONLY | constants.O_NONBLOCK);
    writeSync(pipe, `${event}\n`);
    closeSync(pipe);
  }
}
