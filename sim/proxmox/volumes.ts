/** Volumes of storages: allocating them, finding them, giving their room back. */
import { failed } from "./pveError";
import { isFileBased, isShared, type StorageState, type Volume, type World } from "./world";

/** Storage and name of "ceph:vm-101-disk-0". @throws PveError for what is no volume id */
export function parseVolid(volid: string): { storage: string; name: string } {
  const found = /^([A-Za-z][\w.-]*):(.+)$/.exec(volid);
  const [, storage, name] = found ?? [];
  if (storage === undefined || name === undefined) throw failed(`unable to parse volume ID '${volid}'`);
  return { storage, name };
}

/** A volume that a node can reach. */
export function findVolume(world: World, node: string, volid: string): Volume | undefined {
  return world.volumes.find((one) => one.volid === volid && (one.node === undefined || one.node === node));
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** Bytes of a storage that are taken, as its node sees it. */
export function usedBytes(world: World, storage: StorageState, node: string): number {
  const own = world.volumes.filter(
    (one) => one.storage === storage.id && (one.node === undefined || one.node === node),
  );
  return sum(own.map(({ used }) => used));
}

/** @throws PveError when a storage has less room than that. The text is ours: each of Proxmox's plugins has its own. */
export function needRoom(world: World, storage: StorageState, node: string, bytes: number): void {
  const free = storage.totalBytes - usedBytes(world, storage, node);
  if (bytes > free)
    throw failed(`storage '${storage.id}': no space left on device (${bytes} bytes needed, ${free} free)`);
}

export interface NewVolume {
  readonly storage: StorageState;
  readonly node: string;
  readonly vmid: number;
  /** @default the storage's: raw, and qcow2 on files */
  readonly format?: string | undefined;
  readonly size: number;
  /** Bytes that are written at once. @default 0 */
  readonly written?: number;
  /** @default the next free "vm-<vmid>-disk-<n>" */
  readonly name?: string;
}

const DISK_FORMATS = ["raw", "qcow2", "vmdk"];

/** @see pve-storage src/PVE/Storage.pm, vdisk_alloc */
export function allocate(world: World, request: NewVolume): Volume {
  const { storage, node, vmid, size } = request;
  const files = isFileBased(storage);
  const format = request.format ?? (files ? "qcow2" : "raw");
  if (files ? !DISK_FORMATS.includes(format) : format !== "raw") {
    throw failed(`unsupported format '${format}' - storage '${storage.id}'`);
  }
  const used = storage.type === "lvm" ? size : (request.written ?? 0);
  needRoom(world, storage, node, used);
  const volid = `${storage.id}:${files ? `${vmid}/` : ""}${nameOf(world, request)}${files ? `.${format}` : ""}`;
  if (findVolume(world, node, volid) !== undefined) throw failed(`disk image '${volid}' already exists`);
  const place = isShared(storage) ? {} : { node };
  const volume: Volume = { volid, storage: storage.id, ...place, content: "images", format, size, used, vmid };
  world.volumes.push(volume);
  return volume;
}

function nameOf(world: World, { storage, vmid, name }: NewVolume): string {
  if (name !== undefined) return name;
  const taken = new Set(world.volumes.filter((one) => one.storage === storage.id).map(({ volid }) => volid));
  const isTaken = (candidate: string): boolean =>
    [...taken].some((volid) => new RegExp(`[:/]${candidate}(?:\\.|$)`).test(volid));
  for (let number = 0; ; number++) {
    const candidate = `vm-${vmid}-disk-${number}`;
    if (!isTaken(candidate)) return candidate;
  }
}

/** Gives up a volume; does nothing when it is gone. */
export function release(world: World, volume: Volume): void {
  world.volumes = world.volumes.filter((one) => one !== volume);
}

/** Lets a volume grow. */
export function grow(world: World, storage: StorageState, node: string, volume: Volume, size: number): void {
  if (storage.type === "lvm") {
    needRoom(world, storage, node, size - volume.size);
    volume.used = size;
  }
  volume.size = size;
}

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** Bytes of "100G"; undefined for another form. */
export function parseSize(text: string): number | undefined {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?)([KMGT]?)$/.exec(text) ?? [];
  return number === undefined ? undefined : Math.floor(Number(number) * (UNITS[unit] ?? 1));
}

/** "100G": the largest unit that leaves no fraction, as Proxmox writes it. */
export function printSize(bytes: number): string {
  const unit = ["T", "G", "M", "K"].find((one) => bytes > 0 && bytes % (UNITS[one] ?? 1) === 0) ?? "";
  return `${bytes / (UNITS[unit] ?? 1)}${unit}`;
}
