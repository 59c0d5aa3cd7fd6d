/** What was found on the hosts, as text: what is wrong first. */
import { wrap } from "../../plan/explain/lines";
import type { FoundGpu, HostLook } from "./look";
import type { Paint } from "./paint";

/**
 * The command that sets a host right again: it is looked at, and its other stages follow from what is found. Pulumi cannot read a
 * command back, so that neither `refresh` nor an up of the same settings sees what a hand has changed.
 */
export const healCommand = ({ host }: Pick<HostLook, "host">): string =>
  `pulumi up --replace '**::vfio-${host}-inspect'`;

/** What an up would do there, in a sentence. */
export function lookVerdict({ reached, faults, reboot, mayReboot, writes, drift }: HostLook): string {
  if (!reached) return "not reached";
  if (faults.length > 0) return "an up would refuse it, before any change";
  if (drift.length > 0) return "not as the last up left it, which an up alone does not look at";
  if (reboot.length > 0 && mayReboot) return "will reboot";
  if (reboot.length > 0) return "needs a reboot and may not (reboot: never): an up would stop there";
  return writes.length > 0 ? "changes without a reboot" : "ready: nothing to do";
}

const gpuWords = ({ pci, id, driver, group, others }: FoundGpu): string =>
  [
    `GPU ${pci} (${id})`,
    driver === undefined ? "no driver" : `driver ${driver}`,
    group === undefined ? "no IOMMU group" : `IOMMU group ${group}`,
    ...(others.length === 0 ? [] : [`with ${others.join(", ")}`]),
  ].join(", ");

function rows(look: HostLook): readonly (readonly [label: string, text: string])[] {
  const { reboot, writes, drift, gpus, faults, kernel, pve } = look;
  return [
    ...faults.flatMap(({ checked, found, expected, fix }) => [
      ["checked", checked] as const,
      ["found", found] as const,
      ["expected", expected] as const,
      ["fix", fix] as const,
    ]),
    ...drift.map((what) => ["drift", what] as const),
    ...(drift.length > 0 && faults.length === 0 ? [["fix", healCommand(look)] as const] : []),
    ...(drift.length > 0 ? [] : reboot).map((why) => ["because", why] as const),
    ...(drift.length > 0 ? [] : writes).map((what) => ["writes", what] as const),
    ...gpus.map((gpu) => ["found", gpuWords(gpu)] as const),
    ...(kernel === undefined || pve === undefined ? [] : [["host", `Proxmox VE ${pve}, kernel ${kernel}`] as const]),
  ];
}

/** A block a host: how it stands, and why. */
export function lookLines(looks: readonly HostLook[], width: number, paint: Paint): readonly string[] {
  const worst = (look: HostLook): number =>
    look.faults.length > 0 ? 0 : look.reboot.length + look.drift.length > 0 ? 1 : 2;
  const colours = [paint.bad, paint.warn, paint.good] as const;
  return [...looks]
    .sort((a, b) => worst(a) - worst(b))
    .flatMap((look) => {
      const colour = colours[worst(look)] ?? paint.strong;
      const lines = rows(look).flatMap(([label, text]) =>
        wrap(text, width - 16).map((line, index) => `      ${(index === 0 ? label : "").padEnd(10)}${line}`),
      );
      return ["", `${paint.strong(look.host)}  ${colour(lookVerdict(look))}`, ...lines];
    });
}
