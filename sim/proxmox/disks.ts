/** Drives of a VM: what a request asks for becomes volumes and the text that its configuration keeps. */
import { storageOn, type Call } from "./call";
import { badParameters, failed } from "./pveError";
import { parseParts, printParts } from "./propertyString";
import { DRIVE } from "./vmSchema";
import { allocate, findVolume, parseSize, parseVolid, printSize, release } from "./volumes";
import type { StorageState, Volume } from "./world";

const MIB = 2 ** 20;
const GIB = 2 ** 30;
/** @see qemu-server src/PVE/QemuServer/Cloudinit.pm, CLOUDINIT_DISK_SIZE */
const CLOUD_INIT_BYTES = 4 * MIB;
/** What a 4m variables store becomes on a block storage: one object or extent of 1 MiB. */
const EFI_BYTES = MIB;

/** "ceph:32" or "32": a new disk of so many GiB. @see qemu-server src/PVE/QemuServer/Drive.pm, NEW_DISK_RE */
const NEW_DISK = /^(?:([A-Za-z][\w.-]*):)?(\d+(?:\.\d+)?)$/;

interface Target {
  readonly call: Call;
  readonly node: string;
  readonly vmid: number;
}

/** Drives among the parameters of a request. */
export const drivesOf = (values: ReadonlyMap<string, string>): ReadonlyMap<string, string> =>
  new Map([...values].filter(([name]) => DRIVE.test(name)));

/** @see qemu-server src/PVE/API2/Qemu.pm, check_storage_access. @throws PveError 403, 400 */
export function checkDriveAccess(target: Target, drives: ReadonlyMap<string, string>): void {
  for (const [name, text] of drives) {
    const parts = parseParts(text, "file");
    const file = parts.get("file") ?? "";
    const wanted = NEW_DISK.exec(file)?.[1];
    if (wanted !== undefined) {
      target.call.rights.need(`/storage/${wanted}`, "Datastore.AllocateSpace");
      needImages(storageOn(target.call.world, target.node, wanted));
    } else if (file === "cdrom") {
      // The host's own drive.
      target.call.rights.need("/", "Sys.Console");
    } else if (!file.endsWith(":cloudinit") && file !== "none") {
      checkVolumeAccess(target, file);
    }
    const source = parts.get("import-from");
    if (source !== undefined) checkImport(target, name, source);
  }
}

function needImages({ id, content }: StorageState): void {
  if (!content.includes("images")) throw badParameters({ storage: `storage '${id}' does not support vm images` });
}

function checkImport(target: Target, name: string, source: string): void {
  const { storage } = parseVolid(source);
  storageOn(target.call.world, target.node, storage);
  const type = /:(import|iso|vztmpl|snippets)\//.exec(source)?.[1] ?? "images";
  if (type !== "import" && type !== "images") {
    throw badParameters({ [name]: `${source} has wrong type '${type}' - needs to be 'images' or 'import'` });
  }
  checkVolumeAccess(target, source);
}

/** @see pve-storage src/PVE/Storage.pm, check_volume_access */
export function checkVolumeAccess({ call, node, vmid }: Target, volid: string): void {
  const { storage } = parseVolid(volid);
  const volume = findVolume(call.world, node, volid);
  if (call.rights.has(`/storage/${storage}`, "Datastore.Allocate")) return;
  const type = volume?.content ?? "images";
  if (["iso", "vztmpl", "import"].includes(type)) {
    call.rights.needAny(`/storage/${storage}`, "Datastore.AllocateSpace", "Datastore.Audit");
  } else if (volume?.vmid !== undefined && volume.vmid !== vmid) {
    call.rights.need(`/storage/${storage}`, "Datastore.Audit");
    call.rights.need(`/vms/${volume.vmid}`, "VM.Config.Disk");
  }
}

/**
 * Makes the volumes of drives and returns what the configuration keeps of each.
 * @throws PveError after every volume that it made is gone again
 */
export function createDrives(target: Target, drives: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const made: Volume[] = [];
  const result = new Map<string, string>();
  try {
    for (const [name, text] of [...drives].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      result.set(name, createDrive(target, name, parseParts(text, "file"), made));
    }
    return result;
  } catch (error) {
    for (const volume of made) release(target.call.world, volume);
    throw error;
  }
}

function createDrive(target: Target, name: string, parts: Map<string, string>, made: Volume[]): string {
  const file = parts.get("file") ?? "";
  const [, storageId, gib] = NEW_DISK.exec(file) ?? [];
  if (file.endsWith(":cloudinit")) return cloudInitDrive(target, parts, file.slice(0, -":cloudinit".length), made);
  if (gib !== undefined) {
    if (storageId === undefined) throw failed("no storage ID specified (and no default storage)");
    const source = parts.get("import-from");
    const size = name === "efidisk0" ? EFI_BYTES : Number(gib) * GIB;
    const volume =
      source === undefined ? newVolume(target, storageId, parts, size) : importVolume(target, storageId, parts, source);
    made.push(volume);
    return printed(parts, volume);
  }
  if (file === "none" || file === "cdrom") return printParts(parts, "file");
  const volume = findVolume(target.call.world, target.node, file);
  if (volume === undefined) throw failed(`volume ${file} does not exist`);
  if (volume.content !== "images" && volume.content !== "iso") {
    throw failed(`cannot use volume ${file} - content type needs to be 'images' or 'iso'`);
  }
  return printed(parts, volume);
}

function newVolume(
  { call, node, vmid }: Target,
  storageId: string,
  parts: ReadonlyMap<string, string>,
  size: number,
): Volume {
  return allocate(call.world, {
    storage: storageOn(call.world, node, storageId),
    node,
    vmid,
    format: parts.get("format"),
    size,
  });
}

function importVolume(target: Target, storageId: string, parts: ReadonlyMap<string, string>, source: string): Volume {
  const { call, node, vmid } = target;
  const image = findVolume(call.world, node, source);
  if (image === undefined) throw failed(`cannot import from '${source}' - volume '${source}' does not exist`);
  const storage = storageOn(call.world, node, storageId);
  return allocate(call.world, {
    storage,
    node,
    vmid,
    format: parts.get("format"),
    size: image.size,
    written: image.used,
  });
}

function cloudInitDrive(target: Target, parts: Map<string, string>, storageId: string, made: Volume[]): string {
  const { call, node, vmid } = target;
  const storage = storageOn(call.world, node, storageId);
  const name = `vm-${vmid}-cloudinit`;
  const volume = allocate(call.world, {
    storage,
    node,
    vmid,
    format: parts.get("format"),
    size: CLOUD_INIT_BYTES,
    name,
  });
  made.push(volume);
  parts.set("media", "cdrom");
  parts.delete("format");
  parts.set("file", volume.volid);
  return printParts(parts, "file");
}

/** The volume's own format is no longer needed, its size is kept. */
function printed(parts: Map<string, string>, volume: Volume): string {
  for (const name of ["format", "import-from"]) parts.delete(name);
  parts.set("file", volume.volid);
  parts.set("size", printSize(volume.size));
  return printParts(parts, "file");
}

/** The volume of a drive. @throws PveError when there is none */
export function volumeOfDrive(target: Target, config: Readonly<Record<string, string>>, drive: string): Volume {
  const text = config[drive];
  if (text === undefined) throw failed(`disk '${drive}' does not exist`);
  const file = parseParts(text, "file").get("file") ?? "";
  const volume = findVolume(target.call.world, target.node, file);
  if (volume === undefined) throw failed(`disk '${drive}' has no associated volume`);
  return volume;
}

/** The drive's text with a new size. */
export function resized(text: string, bytes: number): string {
  const parts = parseParts(text, "file");
  parts.set("size", printSize(bytes));
  return printParts(parts, "file");
}

/** Bytes that a resize asks for: absolute, or more than now with a plus. @throws PveError for another form */
export function wantedSize(text: string, now: number): number {
  const bytes = parseSize(text.replace(/^\+/, ""));
  if (bytes === undefined) throw badParameters({ size: "value does not match the regex pattern" });
  return text.startsWith("+") ? now + bytes : bytes;
}
