/** `--inspect`: each host with GPUs is looked at over SSH, all side by side. Nothing is written there. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { HostPlan, HostSsh } from "../../plan/hosts";
import { parseInspection, renderVfio, vfioCommand, vfioPieces, type HostInspection } from "../../render/vfio";
import { house, type House } from "../house";
import { runScript, SshError, type Login } from "./ssh";

/** One thing wrong with a host. */
export type HostFault = HostInspection["faults"][number];

/** One GPU as it was found. */
export interface FoundGpu {
  readonly pci: string;
  /** Vendor and device. */
  readonly id: string;
  /** Driver of its graphics function; absent where none is bound. */
  readonly driver?: string;
  readonly group?: number;
  /** Its other functions: sound, USB-C. */
  readonly others: readonly string[];
}

/** One host as it was found. */
export interface HostLook {
  readonly host: string;
  /** Whether it answered. */
  readonly reached: boolean;
  readonly kernel?: string;
  /** Version of Proxmox VE. */
  readonly pve?: string;
  /** Why it has to boot again; empty where it need not. */
  readonly reboot: readonly string[];
  /** Whether the stack file allows that. */
  readonly mayReboot: boolean;
  /** What an up would write there. */
  readonly writes: readonly string[];
  /** What is not as the last up left it: no up looks at that by itself. */
  readonly drift: readonly string[];
  readonly gpus: readonly FoundGpu[];
  /** Why an up would refuse. */
  readonly faults: readonly HostFault[];
}

function gpuOf({ pci, functions }: HostInspection["gpus"][number]): readonly FoundGpu[] {
  const first = functions.find((one) => one.pci === pci);
  if (first === undefined) return [];
  const { id, driver, group } = first;
  const others = functions.filter((one) => one !== first).map((one) => one.pci);
  return [{ pci, id, ...(driver === null ? {} : { driver }), ...(group === null ? {} : { group }), others }];
}

const looked = ({ vfio }: HostPlan, found: HostInspection): HostLook => ({
  ...{ host: vfio.name, reached: true, kernel: found.kernel, pve: found.pve },
  ...{ reboot: found.ineffective, mayReboot: vfio.reboot === "ifNeeded", writes: found.missing },
  drift: found.drift,
  gpus: found.gpus.flatMap(gpuOf),
  faults: found.faults,
});

/** What to do about a host that does not answer. */
const fixes: Readonly<Record<SshError["reason"], string>> = {
  "host key":
    "compare with `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` at its console; correct hosts[].ssh.hostKey only if it is the same",
  login: "add the key's public half to authorized_keys of that user; check the secret hostSshKey, or your SSH agent",
  unreachable: "check hosts[].address and hosts[].ssh.port, and that this machine has a way there",
  silent: "check that the host is well; or allow more time with --timeout",
  script: "log in by hand: the user needs `sh`, and `sudo -n` where it is not root",
};

function unreached({ vfio, ssh }: HostPlan, error: SshError): HostLook {
  const fault = {
    checked: `SSH to ${ssh.user}@${ssh.address} port ${ssh.port}`,
    found: error.message,
    expected: "the host, with the key that the stack file has",
    fix: fixes[error.reason],
  };
  const nothing = { reboot: [], writes: [], drift: [], gpus: [] };
  return { host: vfio.name, reached: false, mayReboot: vfio.reboot === "ifNeeded", ...nothing, faults: [fault] };
}

function withKey({ ssh }: HostPlan): Required<HostSsh> {
  const { hostKey } = ssh;
  if (hostKey === undefined) throw new SshError("host key", "no host key in the stack file");
  return { ...ssh, hostKey };
}

async function lookAt(host: HostPlan, login: Login, ms: number, at: House): Promise<HostLook> {
  const texts = vfioPieces("look").map((piece) => readFileSync(join(at.checkout, "scripts", `${piece}.sh`), "utf8"));
  const script = { command: vfioCommand("look", host.ssh.user), stdin: renderVfio(host.vfio, texts) };
  try {
    const stdout = await runScript(withKey(host), login, script, ms);
    try {
      return looked(host, parseInspection(stdout));
    } catch {
      throw new SshError("script", "an answer that is none");
    }
  } catch (error) {
    if (error instanceof SshError) return unreached(host, error);
    throw error;
  }
}

/**
 * Looks at all of them. A host that does not answer is a fault of its own, and holds up no other.
 * @param ms bound for each
 */
export const lookAtHosts = (
  hosts: readonly HostPlan[],
  login: Login,
  ms: number,
  at: House = house,
): Promise<readonly HostLook[]> => Promise.all(hosts.map((host) => lookAt(host, login, ms, at)));
