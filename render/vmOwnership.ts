/** Whose a VM is, by its tags. */
import { COMMON_TAG } from "./vm";

/** A VM as Proxmox lists it. */
export interface ListedVm {
  readonly vmid: number;
  readonly node: string;
  readonly name: string;
  /** Joined by ";". Empty for none. */
  readonly tags: string;
}

/** The owner tag among the tags of a VM that we make; undefined when there is none. */
export const ownerTagOf = (tags: readonly string[]): string | undefined =>
  tags.find((tag) => tag.startsWith(`${COMMON_TAG}.`));

/** What stands under the id of a VM: a VM, nothing, or something that the token may not see. */
export type Found = ListedVm | "nothing" | "hidden";

/** Why a VM must not be touched; undefined when it is ours, or not there. */
export function ownershipFault(vmid: number, owner: string, found: Found): string | undefined {
  if (found === "nothing") return undefined;
  const fix = "give our VM another id (pools[].nodes[].vmid or firstVmid), or remove that one";
  if (found === "hidden") {
    return `VM id ${vmid} is taken by a guest that the API token may not see: needed a free id, or VM.Audit on /vms/${vmid}. Nothing was changed: ${fix}`;
  }
  const tags = found.tags.split(";").filter((tag) => tag !== "");
  if (tags.includes(owner)) return undefined;
  const other = ownerTagOf(tags);
  const whose = other === undefined ? `has no tag of ours (${tags.join(", ") || "no tags"})` : `is tagged ${other}`;
  const adopt = other === undefined ? `, or add the tag ${owner} if it is this stack's` : "";
  return `VM ${vmid} on ${found.node}, "${found.name}", is not ours: it ${whose}, expected ${owner}. Nothing was changed: ${fix}${adopt}`;
}
