/** What the API token has to be allowed, and what it is. The list for people is in docs/proxmox.md. */
import type { Placement } from "../plan/placement/types";
import type { FleetPlan } from "../plan/site";

/** One privilege on the paths where the stack uses it. */
export interface Need {
  /** Names of which one is enough: a privilege has another name in another version of Proxmox. The newest first. */
  readonly privilege: readonly [string, ...string[]];
  /** Groups of paths: on one of each group it is needed. */
  readonly places: readonly (readonly string[])[];
  /** What to call all places together. */
  readonly where: string;
}

/** What an API token may do by path, as `GET access/permissions` answers: 1 holds below that path too, 0 does not. */
export type Permissions = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** @see https://pve.proxmox.com/pve-docs/pveum.1.html#pveum_permission_management */
const ON_VMS: readonly Need["privilege"][] = [
  ["VM.Allocate"],
  ["VM.Audit"],
  ["VM.Config.CPU"],
  ["VM.Config.Cloudinit"],
  ["VM.Config.Disk"],
  ["VM.Config.HWType"],
  ["VM.Config.Memory"],
  ["VM.Config.Network"],
  ["VM.Config.Options"],
  ["VM.PowerMgmt"],
  // Proxmox 9 took VM.Monitor apart. @see https://pve.proxmox.com/wiki/Roadmap#Proxmox_VE_9.0
  ["VM.GuestAgent.Audit", "VM.Monitor"],
];

const needs = (
  names: readonly (string | Need["privilege"])[],
  where: string,
  places: Need["places"] = [[where]],
): readonly Need[] => names.map((name) => ({ privilege: typeof name === "string" ? [name] : name, where, places }));

/** Everything that a stack does on Proxmox, as privileges. */
export function neededPrivileges({ site, pool, imageStorage }: FleetPlan, { vms }: Placement): readonly Need[] {
  const { bridge, vlan } = site.network;
  const mappings = vms.flatMap(({ gpus }) => gpus.map(({ mapping }) => [`/mapping/pci/${mapping}`]));
  const hosts = [...new Set(vms.map(({ host }) => host))];
  const card = `/sdn/zones/localnetwork/${bridge}${vlan === undefined ? "" : `/${vlan}`}`;
  return [
    // What holds on a pool holds on its VMs.
    ...needs(
      ON_VMS,
      "/vms",
      vms.map(({ vmid }) => [`/vms/${vmid}`, `/pool/${pool}`]),
    ),
    ...needs(["Datastore.AllocateSpace", "Datastore.Audit"], `/storage/${site.diskStorage}`),
    ...needs(["Datastore.Allocate", "Datastore.AllocateTemplate", "Datastore.Audit"], `/storage/${imageStorage}`),
    ...(mappings.length === 0 ? [] : needs(["Mapping.Modify"], "/mapping/pci")),
    ...(mappings.length === 0 ? [] : needs(["Mapping.Audit", "Mapping.Use"], "/mapping/pci", mappings)),
    ...needs(["Pool.Allocate", "Pool.Audit"], `/pool/${pool}`),
    ...needs(["SDN.Use"], card),
    ...needs(
      ["Sys.AccessNetwork"],
      "/nodes",
      hosts.map((host) => [`/nodes/${host}`]),
    ),
    ...needs(["Sys.Audit", "Sys.Modify"], "/"),
  ];
}

/** The path itself, then what is above it, the nearest first. */
function upwards(path: string): readonly string[] {
  const parts = path.split("/").filter((part) => part !== "");
  return parts.map((_, index) => `/${parts.slice(0, parts.length - index).join("/")}`).concat("/");
}

/**
 * Whether a privilege holds on a path. Every path with an entry of its own is listed with all that holds there, so the
 * nearest one listed decides. @see pve-access-control src/PVE/RPCEnvironment.pm, get_effective_permissions
 */
export function holds(permissions: Permissions, path: string, privilege: string): boolean {
  const nearest = upwards(path).find((one) => permissions[one] !== undefined) ?? "/";
  const flag = permissions[nearest]?.[privilege];
  return flag === 1 || (flag === 0 && nearest === path);
}

/** The needs that a token does not meet, each with the places where it does not. */
export function missingPrivileges(all: readonly Need[], permissions: Permissions): readonly Need[] {
  return all.flatMap((need) => {
    const met = (paths: readonly string[]): boolean =>
      need.privilege.some((name) => paths.some((path) => holds(permissions, path, name)));
    const places = need.places.filter((paths) => !met(paths));
    const where = places.length === need.places.length ? need.where : places.map(([path]) => path).join(", ");
    return places.length === 0 ? [] : [{ ...need, places, where }];
  });
}

/** What a token's fault is said with. */
export interface TokenFault {
  /** At least one. */
  readonly missing: readonly Need[];
  /** Of all needs. */
  readonly count: number;
  /** Whether the token may do anything at all. */
  readonly some: boolean;
  /** "tokenrack@pve!stack". */
  readonly tokenId: string;
  /** First number of Proxmox's version. */
  readonly version: number;
}

/** The role of docs/proxmox.md. */
const ROLE = "Tokenrack";

/** The fault in one line: every privilege that is missing, and the commands that grant them. */
export function tokenFault({ missing, count, some, tokenId, version }: TokenFault): string {
  // Before Proxmox 9 the older name is the one that its `pveum` knows.
  const nameOf = ({ privilege }: Need): string => (version < 9 ? privilege.at(-1) : undefined) ?? privilege[0];
  const list = missing.map((need) => `${nameOf(need)} on ${need.where}`).join(", ");
  const names = [...new Set(missing.map(nameOf))].sort().join(" ");
  const role = some ? `pveum role modify ${ROLE} --append 1 --privs` : `pveum role add ${ROLE} --privs`;
  const user = tokenId.split("!")[0] ?? "";
  return [
    `proxmoxApiToken: found ${tokenId} without ${missing.length} of the ${count} privileges that this stack needs (${list})`,
    `expected all of docs/proxmox.md`,
    `fix: on a Proxmox host, as root: ${role} "${names}" && pveum acl modify / --users ${user} --tokens '${tokenId}' --roles ${ROLE}`,
  ].join("; ");
}
