/** Storages and what is in them. @see pve-storage src/PVE/API2/Storage/{Status,Content}.pm */
import { createHash } from "node:crypto";
import { nodeOf, pathPart, storageOn, type Call, type Handler } from "./call";
import { checkVolumeAccess } from "./disks";
import { badParameters, failed } from "./pveError";
import { startTask } from "./tasks";
import { findVolume, needRoom, release, usedBytes } from "./volumes";
import { isFileBased, isShared, type RemoteFile, type StorageState, type World } from "./world";

const here = (call: Call): { node: string; storage: StorageState } => {
  const node = nodeOf(call).name;
  return { node, storage: storageOn(call.world, node, pathPart(call, "storage")) };
};

function statusOf(world: World, storage: StorageState, node: string): object {
  const used = usedBytes(world, storage, node);
  return {
    type: storage.type,
    content: storage.content.join(","),
    active: 1,
    enabled: 1,
    shared: isShared(storage) ? 1 : 0,
    total: storage.totalBytes,
    used,
    avail: storage.totalBytes - used,
  };
}

/** GET nodes/{node}/storage */
export const listStorages: Handler = (call) => {
  const node = nodeOf(call).name;
  const wanted = call.form.get("content");
  return call.world.storages
    .filter(({ nodes }) => nodes === undefined || nodes.includes(node))
    .filter(({ content }) => wanted === undefined || content.includes(wanted))
    .filter(({ id }) => call.rights.hasAny(`/storage/${id}`, "Datastore.Audit", "Datastore.AllocateSpace"))
    .map((storage) => ({ storage: storage.id, ...statusOf(call.world, storage, node) }));
};

/** GET nodes/{node}/storage/{storage}/status */
export const storageStatus: Handler = (call) => {
  const { node, storage } = here(call);
  call.rights.needAny(`/storage/${storage.id}`, "Datastore.Audit", "Datastore.AllocateSpace");
  return statusOf(call.world, storage, node);
};

/** GET nodes/{node}/storage/{storage}/content */
export const listContent: Handler = (call) => {
  call.form.allowOnly("content", "vmid");
  const { node, storage } = here(call);
  call.rights.needAny(`/storage/${storage.id}`, "Datastore.Audit", "Datastore.AllocateSpace");
  const wanted = call.form.get("content");
  return call.world.volumes
    .filter((one) => one.storage === storage.id && (one.node === undefined || one.node === node))
    .filter(({ content }) => wanted === undefined || content === wanted)
    .map(({ volid, content, format, size, used, vmid }) => ({
      volid,
      content,
      format,
      // A file's own size; for a disk, what its guest sees.
      size: content === "images" ? size : used,
      used,
      ...(vmid === undefined ? {} : { vmid }),
    }));
};

const volid = (storage: StorageState, name: string): string => (name.includes(":") ? name : `${storage.id}:${name}`);

/** GET .../content/{volume} */
export const readVolume: Handler = (call) => {
  const { node, storage } = here(call);
  const id = volid(storage, pathPart(call, "volume"));
  checkVolumeAccess({ call, node, vmid: 0 }, id);
  const volume = findVolume(call.world, node, id);
  if (volume === undefined)
    throw failed(`volume_size_info on '${id}' failed - no such file or directory: volume does not exist`);
  const { format, size, used } = volume;
  return { path: isFileBased(storage) ? `/var/lib/vz/${id.split(":")[1] ?? ""}` : id, format, size, used };
};

/** DELETE .../content/{volume} */
export const deleteVolume: Handler = (call) => {
  const { node, storage } = here(call);
  const id = volid(storage, pathPart(call, "volume"));
  const volume = findVolume(call.world, node, id);
  if (volume?.vmid === undefined) call.rights.need(`/storage/${storage.id}`, "Datastore.Allocate");
  else call.rights.need(`/vms/${volume.vmid}`, "VM.Config.Disk");
  return startTask(call, node, "imgdel", id.replace(/[^\w.@-]/g, "_"), () => {
    if (volume === undefined) throw failed(`cannot remove ${id}: volume does not exist`);
    release(call.world, volume);
  });
};

function mayReachOut(call: Call, node: string): void {
  if (call.rights.has("/", "Sys.Audit", "Sys.Modify")) return;
  call.rights.need(`/nodes/${node}`, "Sys.AccessNetwork");
}

function remoteFile(world: World, url: string): RemoteFile {
  const file = world.remoteFiles.find((one) => one.url === url);
  if (file === undefined) throw failed(`download failed - 404 Not Found`);
  return file;
}

const lastPart = (url: string): string => url.split("/").at(-1) ?? "";

/** GET nodes/{node}/query-url-metadata */
export const urlMetadata: Handler = (call) => {
  call.form.allowOnly("url", "verify-certificates");
  mayReachOut(call, nodeOf(call).name);
  const file = remoteFile(call.world, call.form.need("url"));
  return { filename: lastPart(file.url), mimetype: "application/octet-stream", size: file.bytes };
};

/** Allowed endings by content type. @see pve-storage src/PVE/Storage.pm */
const ENDINGS: Readonly<Record<string, RegExp>> = {
  iso: /\.(?:iso|img)$/i,
  import: /^[\w.+~-]+\.(?:ova|ovf|qcow2|raw|vmdk)$/,
  vztmpl: /\.tar\.(?:gz|xz|zst|bz2)$/i,
};

/** POST .../download-url */
export const downloadUrl: Handler = (call) => {
  const { form, rights } = call;
  form.allowOnly(
    "node",
    "storage",
    "url",
    "content",
    "filename",
    "checksum",
    "checksum-algorithm",
    "compression",
    "verify-certificates",
  );
  const { node, storage } = here(call);
  rights.need(`/storage/${storage.id}`, "Datastore.AllocateTemplate");
  mayReachOut(call, node);
  const [url, content, filename] = [form.need("url"), form.need("content"), form.need("filename")];
  const checksum = form.get("checksum");
  if ((checksum === undefined) !== (form.get("checksum-algorithm") === undefined)) {
    throw badParameters({ checksum: "missing property - 'checksum-algorithm' requires this property" });
  }
  if (!isFileBased(storage)) throw failed(`can't upload to storage type '${storage.type}'`);
  if (!storage.content.includes(content))
    throw failed(`storage '${storage.id}' is not configured for content-type '${content}'`);
  if (ENDINGS[content]?.test(filename) !== true) {
    const reason = content === "import" ? "invalid filename or wrong extension" : "wrong file extension";
    throw badParameters({ filename: reason });
  }
  return startTask(call, node, "download", filename, (log) => {
    log.push(`downloading ${url} to /var/lib/vz/${content}/${filename}`);
    download(call, storage, node, { url, content, filename, checksum }, log);
  });
};

interface Download {
  readonly url: string;
  readonly content: string;
  readonly filename: string;
  readonly checksum: string | undefined;
}

/** Checksums other than sha256 are made up from it, so that only an equal text fits. */
function checksumOf(file: RemoteFile, algorithm: string): string {
  return algorithm === "sha256" ? file.sha256 : createHash(algorithm).update(file.sha256).digest("hex");
}

/** @see pve-common src/PVE/Tools.pm, download_file_from_url */
function download(call: Call, storage: StorageState, node: string, wanted: Download, log: string[]): void {
  const { world, form } = call;
  const id = `${storage.id}:${wanted.content}/${wanted.filename}`;
  const file = remoteFile(world, wanted.url);
  const expected = wanted.checksum?.toLowerCase();
  const found = checksumOf(file, form.get("checksum-algorithm") ?? "sha256");
  const existing = findVolume(world, node, id);
  if (existing !== undefined) {
    // With a checksum that fits, the file that is there is as good as a new one.
    if (expected === found && existing.used === file.bytes) {
      log.push("OK, got correct file already, no need to download");
      return;
    }
    throw failed(`refusing to override existing file '/var/lib/vz/${wanted.content}/${wanted.filename}'`);
  }
  if (expected !== undefined && expected !== found) {
    throw failed(`checksum mismatch: got '${found}' != expect '${expected}'`);
  }
  needRoom(world, storage, node, file.bytes);
  const place = isShared(storage) ? {} : { node };
  const format = wanted.filename.split(".").at(-1) ?? "raw";
  const size = file.virtualBytes ?? file.bytes;
  world.volumes.push({
    volid: id,
    storage: storage.id,
    ...place,
    content: wanted.content,
    format,
    size,
    used: file.bytes,
  });
}
