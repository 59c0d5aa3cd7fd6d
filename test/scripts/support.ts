/** Runs the stages of `scripts/` on a simulated host, over real SSH, as the component does. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RemoteShell } from "../../engine/standins/command/remote/remoteShell";
import {
  parseInspection,
  parseRebootedFrom,
  renderVfio,
  vfioCommand,
  vfioPieces,
  type HostInspection,
  type VfioBefore,
  type VfioHostPlan,
  type VfioStage,
} from "../../render/vfio";
import { startHost, type SimHost, type SimOptions } from "../../sim/host/simHost";

export const gpu = "0000:65:00.0";

/** One RTX 3090 that VM gpu-1 gets; waits are short, because nothing here takes long. */
export const plan: VfioHostPlan = {
  name: "pve1",
  gpus: [{ pci: gpu, vm: "gpu-1" }],
  acsOverride: false,
  allowPrimaryGpu: false,
  reboot: "ifNeeded",
  restoreHost: true,
  settleSeconds: 1,
  lingerSeconds: 0.2,
};

export const machine: SimOptions = {
  cpu: "intel",
  loader: "grub",
  kernel: "6.2",
  gpus: [{ pci: gpu, card: "rtx-3090" }],
};

export const scriptText = (piece: string): string =>
  readFileSync(join(__dirname, "..", "..", "scripts", `${piece}.sh`), "utf8");

export const script = (stage: VfioStage, its: VfioHostPlan = plan, before?: VfioBefore): string =>
  renderVfio(its, vfioPieces(stage).map(scriptText), before);

const silent = { log: (): void => undefined, warn: (): void => undefined };

/** A simulated host and the stages on it. */
export class Bench {
  /** Dials before a stage gives up: 12 take 20 s. */
  dialErrorLimit = 12;
  private shell = new RemoteShell();

  private constructor(readonly host: SimHost) {}

  static async start(its: Partial<SimOptions> = {}): Promise<Bench> {
    return new Bench(await startHost({ ...machine, ...its }));
  }

  stop(): Promise<void> {
    this.shell.cancel();
    return this.host.stop();
  }

  /** The stdout of a stage. @throws Error as the provider throws it */
  async run(stage: VfioStage, its: VfioHostPlan = plan, before?: VfioBefore): Promise<string> {
    const { address, user, port, hostKey, privateKey } = this.host;
    const connection = {
      host: address,
      user,
      port,
      hostKey,
      privateKey,
      dialErrorLimit: this.dialErrorLimit,
      perDialTimeout: 5,
    };
    const stdin = script(stage, its, before);
    const input = { connection, stdin, logging: "none" as const, addPreviousOutputInEnv: false };
    const { stdout } = await this.shell.run(vfioCommand(stage, user), input, { stdout: "", stderr: "" }, silent);
    return stdout;
  }

  /** Runs a stage and drops its connection as soon as `when` holds. */
  async runAndCut(stage: VfioStage, when: () => boolean): Promise<string> {
    const running = this.run(stage);
    const watch = setInterval(() => {
      if (!when()) return;
      clearInterval(watch);
      this.shell.cancel();
      this.shell = new RemoteShell();
    }, 5);
    return running.finally(() => clearInterval(watch));
  }

  async look(its?: VfioHostPlan): Promise<HostInspection> {
    return parseInspection(await this.run("look", its));
  }

  /** What a stage says when it fails. */
  failure(stage: VfioStage, its?: VfioHostPlan, before?: VfioBefore): Promise<string> {
    return this.run(stage, its, before).then(
      (stdout) => {
        throw new Error(`${stage} should have failed, and said ${stdout}`);
      },
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
  }

  /** All stages, as the component runs them. */
  async bringUp(its: VfioHostPlan = plan): Promise<HostInspection> {
    await this.run("inspect", its);
    const applied = await this.run("apply", its);
    const rebootedFrom = parseRebootedFrom(await this.run("reboot", its, { applied }));
    return parseInspection(await this.run("verify", its, { rebootedFrom }));
  }
}

/** Some files but one. */
export const but = (path: string, texts: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(texts).filter(([name]) => name !== path));

/** The four fields of each fault in a stage's message. */
export function faultsOf(message: string): { checked: string; found: string; expected: string; fix: string }[] {
  const pattern = /^ {2}checked: {2}(.*)\n {2}found: {4}(.*)\n {2}expected: (.*)\n {2}fix: {6}(.*)$/gm;
  return [...message.matchAll(pattern)].map(([, checked = "", found = "", expected = "", fix = ""]) => ({
    checked,
    found,
    expected,
    fix,
  }));
}

/** The text of our files on a host, and of the command line that the next boot gets; undefined where there is none. */
export function files(host: SimHost): Record<string, string> {
  const paths = [
    "etc/default/grub",
    "etc/default/grub.d/zz-tokenrack-vfio.cfg",
    "etc/kernel/cmdline",
    "etc/modules",
    "etc/modules-load.d/tokenrack-vfio.conf",
    "etc/modprobe.d/pve-blacklist.conf",
    "etc/modprobe.d/zz-tokenrack-vfio.conf",
    "boot/initrd.d/zz-tokenrack-vfio.conf",
    "boot/grub/grub.cfg",
    "boot/efi/loader/entries/proxmox.conf",
  ];
  return Object.fromEntries(paths.filter((path) => host.has(path)).map((path) => [path, host.read(path)]));
}
