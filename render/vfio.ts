/** Host preparation for GPU passthrough: what the scripts on a host are given, and what they answer. */
import * as z from "zod";
import type { VfioHostPlan } from "../plan/hosts";

export type { VfioHostPlan } from "../plan/hosts";

/** What is done on a host. `look` is `inspect` with its faults as data; `restore` undoes `apply`. */
export type VfioStage = "look" | "inspect" | "apply" | "reboot" | "verify" | "restore";

/** The scripts that a stage is made of, in order: names in `scripts/` without `.sh`. `restore` is in one with `apply`. */
export function vfioPieces(stage: VfioStage): readonly string[] {
  const base = ["vfio-lib", "vfio-facts", "vfio-wanted", "vfio-checks"];
  switch (stage) {
    case "look":
    case "inspect":
      return [...base, "vfio-inspect", "vfio-main"];
    case "apply":
    case "restore":
      return [...base, "vfio-files", "vfio-apply", "vfio-restore", "vfio-main"];
    case "reboot":
      return [...base, "vfio-files", "vfio-reboot", "vfio-main"];
    case "verify":
      return [...base, "vfio-inspect", "vfio-verify", "vfio-main"];
  }
}

/** What the stage before answered. */
export interface VfioBefore {
  /** For `apply`, `stateOf` the answer of `inspect`; for `reboot`, that of `apply`: so that it runs again when that is another one. */
  readonly applied?: string;
  /** For `verify`: the boot that `reboot` ended, if it ended one. */
  readonly rebootedFrom?: string | undefined;
}

/**
 * The script of a stage, for the stdin of `sh -s <stage>`. Comments stay at home: the state holds four of these a host.
 * @param texts the pieces of `vfioPieces(stage)`
 */
export function renderVfio(host: VfioHostPlan, texts: readonly string[], before: VfioBefore = {}): string {
  const settings: Readonly<Record<string, string>> = {
    host: host.name,
    gpus: host.gpus.map(({ pci, vm }) => `${pci}=${vm ?? "-"}`).join(" "),
    acs_override: yesNo(host.acsOverride),
    allow_primary: yesNo(host.allowPrimaryGpu),
    reboot_consent: host.reboot,
    settle_seconds: String(host.settleSeconds),
    linger_seconds: String(host.lingerSeconds),
    applied: before.applied ?? "",
    rebooted_from: before.rebootedFrom ?? "",
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${quote(value)}`);
  return ["set -eu", ...lines, ...texts.map(withoutComments)].join("\n") + "\n";
}

const yesNo = (value: boolean): string => (value ? "yes" : "no");

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** A line of nothing but a comment, and no instruction to shellcheck, which checks what is rendered. */
const isComment = (line: string): boolean => /^\s*(#(?! shellcheck disable).*)?$/.test(line);

const withoutComments = (text: string): string =>
  text
    .split("\n")
    .filter((line) => !isComment(line))
    .join("\n");

/**
 * The command that reads a stage's script from stdin. A failing command's text is shown to the user: so it is short.
 * @param user who logs in; anybody but root needs `sudo -n sh`
 */
export function vfioCommand(stage: VfioStage, user: string): string {
  const shell = user === "root" ? "sh -s" : "sudo -n sh -s";
  // The login shell knows the port it was reached by; sudo hides it from what it starts.
  return stage === "reboot" ? `${shell} reboot "$SSH_CONNECTION"` : `${shell} ${stage}`;
}

const functionSchema = z.object({
  pci: z.string(),
  id: z.string(),
  subsystem: z.string(),
  class: z.string(),
  driver: z.string().nullable(),
  group: z.number().nullable(),
});

const vmSchema = z.object({ id: z.number(), name: z.string().nullable() });

const inspectionSchema = z.object({
  tokenrack: z.literal("vfio"),
  host: z.string(),
  bootId: z.string(),
  kernel: z.string(),
  /** Version of Proxmox VE. */
  pve: z.string(),
  cpu: z.enum(["intel", "amd", "unknown"]),
  loader: z.string(),
  /** Of the running kernel; what could be a secret is left out. */
  commandLine: z.string(),
  iommu: z.object({ firmware: z.boolean(), active: z.boolean() }),
  /** Null where the host is in no cluster. */
  quorate: z.boolean().nullable(),
  /** Null where there is no Ceph. */
  ceph: z.string().nullable(),
  gpus: z.array(
    z.object({
      pci: z.string(),
      primaryDisplay: z.boolean(),
      functions: z.array(functionSchema),
      /** Other devices in its IOMMU group. */
      groupMembers: z.array(functionSchema),
      /** Running VMs that hold it. */
      vms: z.array(vmSchema),
    }),
  ),
  runningVms: z.array(vmSchema),
  /** What `apply` would write. */
  missing: z.array(z.string()),
  /** Why the host has to boot again. */
  ineffective: z.array(z.string()),
  /** What is not as an `apply` with the same settings left it. @default none, as one has never been */
  drift: z.array(z.string()).default([]),
  faults: z.array(z.object({ checked: z.string(), found: z.string(), expected: z.string(), fix: z.string() })),
});

/** What a host is. */
export type HostInspection = z.output<typeof inspectionSchema>;

/** The answer of a stage: its last line that is one, whatever a login banner printed before it. */
function answer(stdout: string): unknown {
  const line = stdout.split("\n").findLast((text) => text.startsWith('{"tokenrack":'));
  if (line === undefined) throw new Error("the host did not answer with the result of a stage");
  return JSON.parse(line);
}

/** What `look`, `inspect` and `verify` answer. @throws Error for any other text */
export const parseInspection = (stdout: string): HostInspection => inspectionSchema.parse(answer(stdout));

/** What of a host `apply` goes by, on one line. */
export const stateOf = ({ bootId, missing, ineffective, drift }: HostInspection): string =>
  JSON.stringify([bootId, missing, ineffective, drift]);

/** The boot that `reboot` ended; undefined where none was needed. @throws Error for any other text */
export function parseRebootedFrom(stdout: string): string | undefined {
  const schema = z.object({ tokenrack: z.literal("vfio-reboot"), from: z.string().nullable() });
  return schema.parse(answer(stdout)).from ?? undefined;
}

/** One GPU as a resource mapping of Proxmox needs it. */
export interface PassthroughGpu {
  /** PCI address of function 0. */
  readonly pci: string;
  /** Address of the whole card, which passes every function: "0000:65:00". */
  readonly slot: string;
  /** Vendor and device of function 0: "10de:2204". */
  readonly id: string;
  /** "1458:403b". */
  readonly subsystemId: string;
  readonly iommuGroup: number;
  /** PCI addresses of all its functions. */
  readonly functions: readonly string[];
}

/** The GPUs of a verified host. @throws Error where one has no IOMMU group, which verify would have refused */
export function passthroughGpus(inspection: HostInspection): PassthroughGpu[] {
  return inspection.gpus.map(({ pci, functions }) => {
    const [first] = functions;
    if (first === undefined || first.group === null) throw new Error(`${pci} has no IOMMU group`);
    return {
      pci,
      slot: pci.replace(/\.\d$/, ""),
      id: first.id,
      subsystemId: first.subsystem,
      iommuGroup: first.group,
      functions: functions.map((one) => one.pci),
    };
  });
}
