/** What the simulated Proxmox cluster is made of: plain data, so that a test can read, change and save it. */

/** One PCI function as sysfs knows it. */
export interface PciDevice {
  /** Full address with function: "0000:01:00.0". */
  readonly id: string;
  /** Class code: "0x030000" is a VGA controller, "0x040300" its sound. */
  readonly class: string;
  readonly vendor: string;
  readonly device: string;
  readonly subsystemVendor: string;
  readonly subsystemDevice: string;
  /** -1 without an IOMMU, as Proxmox reports it. */
  readonly iommuGroup: number;
  readonly name: string;
}

export interface NodeState {
  readonly name: string;
  online: boolean;
  pci: PciDevice[];
  bridges: string[];
}

/** `lvm` reserves a disk's whole size; all others are thin and only what is written counts. */
export type StorageType = "dir" | "nfs" | "lvm" | "lvmthin" | "zfspool" | "rbd";

export interface StorageState {
  readonly id: string;
  readonly type: StorageType;
  /** Content types that are enabled: images, import, iso, snippets ... */
  content: string[];
  /** Nodes that have it. @default all */
  readonly nodes?: string[];
  totalBytes: number;
}

/** A disk, an image file or a cloud-init drive. */
export interface Volume {
  readonly volid: string;
  readonly storage: string;
  /** Node of a storage that is not shared. */
  readonly node?: string;
  readonly content: string;
  readonly format: string;
  /** What a guest sees. */
  size: number;
  /** What it takes of the storage. */
  used: number;
  readonly vmid?: number;
}

/** What a running VM was started with; changes after that wait for the next start. */
export interface RunningState {
  readonly pid: number;
  /** Seconds since 1970. */
  readonly since: number;
  readonly config: Readonly<Record<string, string>>;
  /** PCI functions that it holds. */
  readonly devices: readonly string[];
}

export interface VmState {
  readonly vmid: number;
  node: string;
  config: Record<string, string>;
  running?: RunningState;
  lock?: string;
  /** IPv4 address that an agent in the guest reports; absent: no agent answers. */
  guestAddress?: string;
}

export interface MappingState {
  readonly id: string;
  description?: string;
  mdev?: boolean;
  map: string[];
}

export interface PoolState {
  readonly id: string;
  comment?: string;
  vmids: number[];
}

/** Privileges on one path; they hold for all below it, unless a deeper path has its own. */
export interface AclEntry {
  readonly path: string;
  readonly privileges: readonly string[];
}

export interface TokenState {
  /** "user@realm!name". */
  readonly id: string;
  readonly secret: string;
  acl: readonly AclEntry[];
}

/** A file on the simulated internet. */
export interface RemoteFile {
  readonly url: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Size of the disk in an image. @default `bytes` */
  readonly virtualBytes?: number;
}

export interface TaskState {
  readonly upid: string;
  readonly node: string;
  readonly type: string;
  readonly id: string;
  readonly user: string;
  readonly pid: number;
  readonly startTime: number;
  /** Status questions that it still answers with "running". */
  polls: number;
  readonly exitStatus: string;
  readonly log: readonly string[];
}

export interface World {
  version: string;
  nodes: NodeState[];
  storages: StorageState[];
  volumes: Volume[];
  vms: VmState[];
  mappings: MappingState[];
  pools: PoolState[];
  tokens: TokenState[];
  remoteFiles: RemoteFile[];
  tasks: TaskState[];
  /** Status questions that a new task answers with "running" before it has ended. */
  taskPolls: number;
  /** Counter behind process numbers, MAC addresses and UUIDs, so that two equal runs give equal worlds. */
  counter: number;
}

/** Storages that all nodes share. */
export const isShared = ({ type }: StorageState): boolean => type === "nfs" || type === "rbd";

/** Storages that keep files; the others keep raw block devices only. */
export const isFileBased = ({ type }: StorageState): boolean => type === "dir" || type === "nfs";

/** The next number that nothing else in this world has. */
export function nextNumber(world: World): number {
  world.counter += 1;
  return world.counter;
}

/** A UUID that depends only on how many came before it. */
export function nextUuid(world: World): string {
  const hex = nextNumber(world).toString(16).padStart(12, "0");
  return `5eed0000-0000-4000-8000-${hex}`;
}
