/** Hosts with GPUs, as `npm run preview -- --inspect` finds them. */
import type { HostLook } from "../../preview/look";
import { healCommand } from "../../preview/lookText";
import type { Finding, Judgement } from "../findings";

/** Judges whether the hosts can be logged in to. */
export function judgeSsh(looks: readonly HostLook[]): Judgement {
  const reached = looks.filter((look) => look.reached);
  const findings = looks
    .filter((look) => !look.reached)
    .flatMap(({ host, faults }) => faults.map((fault) => ({ ...fault, checked: `host ${host}: ${fault.checked}` })));
  const versions = [...new Set(reached.flatMap(({ pve }) => pve ?? []))].sort();
  const pve = versions.length === 0 ? "" : ` (Proxmox VE ${versions.join(", ")})`;
  return { findings, seen: `${reached.length} of ${looks.length} hosts answer${pve}` };
}

function hostFindings(look: HostLook): readonly Finding[] {
  const { host, faults, drift, reboot, mayReboot, writes } = look;
  if (faults.length > 0) return faults.map((fault) => ({ ...fault, checked: `host ${host}: ${fault.checked}` }));
  const checked = `passthrough on host ${host}`;
  const expected = "every function of its GPUs on vfio-pci, or without a driver, by settings that a boot keeps";
  if (drift.length > 0) return [{ checked, found: drift.join("; "), expected, fix: healCommand(look) }];
  if (reboot.length > 0) {
    const fix = mayReboot
      ? "pulumi up: it writes what is missing and reboots the host"
      : "reboot the host, or allow it with hosts[].reboot: ifNeeded; then pulumi up";
    return [{ checked, found: reboot.join("; "), expected, fix }];
  }
  return writes.length === 0 ? [] : [{ checked, found: `missing: ${writes.join("; ")}`, expected, fix: "pulumi up" }];
}

/** Judges passthrough on the hosts that answered. */
export function judgeIommu(looks: readonly HostLook[]): Judgement {
  const gpus = looks.flatMap((look) => look.gpus);
  const free = gpus.filter(({ driver }) => driver === undefined || driver === "vfio-pci");
  return {
    findings: looks.flatMap(hostFindings),
    seen: `${free.length} of ${gpus.length} GPUs are free for passthrough`,
  };
}
