/** Resource mappings and VMs, as Proxmox's API tells them. */
import { ownershipFault } from "../../../render/vmOwnership";
import type { Finding, Judgement } from "../findings";

/** A GPU that has to have a mapping. */
export interface WantedMapping {
  readonly mapping: string;
  readonly vm: string;
  readonly host: string;
  /** PCI address of function 0. */
  readonly pci: string;
}

/** A mapping as it was found. */
export interface FoundMapping {
  readonly id: string;
  /** "id=10de:2204,node=pve1,path=0000:01:00,iommugroup=14" each. */
  readonly map: readonly string[];
  /** What Proxmox says is wrong with it on its host: another card in the slot. */
  readonly checks: readonly string[];
}

/** What was seen of Proxmox's API. */
export interface MappingFacts {
  readonly endpoint: string;
  /** Why there was no answer. */
  readonly silent?: string;
  /** What the API token lacks, as `findTokenFault` says it. */
  readonly tokenFault?: string;
  readonly wanted: readonly WantedMapping[];
  readonly found: readonly FoundMapping[];
}

function silence(endpoint: string, said: string): Finding {
  const checked = `Proxmox's API at ${endpoint}`;
  const expected = "an answer to the API token";
  if (/\b401\b/.test(said)) {
    return {
      checked,
      found: said,
      expected,
      fix: "set the secret proxmoxApiToken to a token that is there: docs/proxmox.md",
    };
  }
  if (/certificate|self-signed|altnames/i.test(said)) {
    return {
      checked,
      found: said,
      expected,
      fix: "set platform.caCert to the CA of your Proxmox (/etc/pve/pve-root-ca.pem), and platform.endpoint to a name in its certificate",
    };
  }
  return {
    checked,
    found: said,
    expected,
    fix: "check platform.endpoint and the way there; on the host: systemctl status pveproxy",
  };
}

/** The one line of a token's fault as four fields. */
function tokenFinding(fault: string): Finding {
  const [, checked, found, expected, fix] = /^(.*?): found (.*); expected (.*?); fix: (.*)$/.exec(fault) ?? [];
  if (checked === undefined || found === undefined || expected === undefined || fix === undefined) {
    return { checked: "the API token", found: fault, expected: "all of docs/proxmox.md", fix: "see docs/proxmox.md" };
  }
  return { checked: `the privileges of ${checked}`, found, expected, fix };
}

function mappingFindings(wanted: WantedMapping, all: readonly FoundMapping[]): readonly Finding[] {
  const { mapping, host, pci, vm } = wanted;
  const slot = pci.replace(/\.[0-7]$/, "");
  const checked = `the resource mapping ${mapping}, the GPU of ${vm}`;
  const expected = `${slot} on ${host}`;
  const found = all.find(({ id }) => id === mapping);
  if (found === undefined) return [{ checked, found: "none", expected, fix: "pulumi up, which makes it" }];
  const parts = found.map.map((text) => new Map(text.split(",").map((one) => [one.split("=")[0], one.split("=")[1]])));
  if (!parts.some((part) => part.get("node") === host && part.get("path")?.replace(/\.[0-7]$/, "") === slot)) {
    return [
      { checked, found: found.map.join("; ") || "an empty one", expected, fix: "pulumi refresh, then pulumi up" },
    ];
  }
  return found.checks.map((said) => ({
    checked,
    found: said,
    expected: `the card that was in ${slot} when it was made`,
    fix: `on ${host}: lspci -nns ${slot}; put that card back, or correct hosts[].gpus and pulumi up`,
  }));
}

/** Judges the API, what its token may do, and the mappings. */
export function judgeMappings({ endpoint, silent, tokenFault, wanted, found }: MappingFacts): Judgement {
  if (silent !== undefined) return { findings: [silence(endpoint, silent)], seen: "Proxmox's API does not answer" };
  const missing = tokenFault === undefined ? [] : [tokenFinding(tokenFault)];
  const wrong = wanted.map((one) => mappingFindings(one, found));
  const well = wrong.filter((one) => one.length === 0).length;
  return { findings: [...missing, ...wrong.flat()], seen: `${well} of ${wanted.length} mappings lead to their GPUs` };
}

/** A VM that has to be there. */
export interface WantedVm {
  readonly name: string;
  readonly vmid: number;
  readonly host: string;
  /** Tag that says whose it is. */
  readonly owner: string;
  /** Mappings of its GPUs. */
  readonly mappings: readonly string[];
}

/** A VM as it was found. */
export interface FoundVm {
  readonly vmid: number;
  readonly node: string;
  readonly name: string;
  readonly tags: string;
  /** "running", "stopped" .. */
  readonly status: string;
  /** Mappings of its `hostpci` settings; absent where nobody asked. */
  readonly mappings?: readonly string[];
}

/** What was seen of the VMs. */
export interface VmFacts {
  /** Why there was no answer. */
  readonly silent?: string;
  readonly endpoint: string;
  readonly wanted: readonly WantedVm[];
  readonly found: readonly FoundVm[];
}

function vmFinding(wanted: WantedVm, all: readonly FoundVm[]): Finding | undefined {
  const { name, vmid, host, owner, mappings } = wanted;
  const checked = `VM ${vmid}, ${name}`;
  const expected = `running on ${host}${mappings.length === 0 ? "" : ` with ${mappings.join(", ")}`}`;
  const found = all.find((vm) => vm.vmid === vmid);
  if (found === undefined)
    return {
      checked,
      found: "none that the API token may see",
      expected,
      fix: "pulumi refresh, then pulumi up, which makes it",
    };
  const foreign = ownershipFault(vmid, owner, found);
  if (foreign !== undefined)
    return {
      checked,
      found: `"${found.name}" with the tags ${found.tags || "(none)"}`,
      expected: `the tag ${owner}`,
      fix: "give our VM another id (pools[].nodes[].vmid or firstVmid), or remove that one",
    };
  if (found.status !== "running") {
    return {
      checked,
      found: `${found.status} on ${found.node}`,
      expected,
      fix: `on ${found.node}: qm start ${vmid}; where that fails, its task's log says why`,
    };
  }
  const lacking = mappings.filter((mapping) => found.mappings?.includes(mapping) === false);
  if (lacking.length > 0)
    return {
      checked,
      found: `without ${lacking.join(", ")}`,
      expected,
      fix: "pulumi refresh, then pulumi up, which attaches it and starts the VM again",
    };
  return undefined;
}

/** Judges the VMs. */
export function judgeVms({ silent, endpoint, wanted, found }: VmFacts): Judgement {
  if (silent !== undefined) return { findings: [silence(endpoint, silent)], seen: "Proxmox's API does not answer" };
  const findings = wanted.flatMap((one) => vmFinding(one, found) ?? []);
  return { findings, seen: `${wanted.length - findings.length} of ${wanted.length} VMs run` };
}
