/** Making, reading, changing and deleting VMs. @see qemu-server src/PVE/API2/Qemu.pm */
import { createHash } from "node:crypto";
import { nodeOf, pathPart, storageOn, vmOf, vmidOf, type Call, type Handler } from "./call";
import { checkDriveAccess, createDrives, drivesOf, resized, volumeOfDrive, wantedSize } from "./disks";
import { checkPassthroughRights } from "./hostPci";
import { checkNetworkRights, withMacAddresses } from "./network";
import { badParameters, denied, failed, PveError } from "./pveError";
import { startTask } from "./tasks";
import { checkParameterRights, checkValues, DRIVE, typed, VM_PARAMETERS } from "./vmSchema";
import { grow, release } from "./volumes";
import { nextUuid, type VmState } from "./world";

/** Parameters of a request that are not part of the configuration. */
const CONTROL = [
  "vmid",
  "pool",
  "force",
  "unique",
  "bwlimit",
  "start",
  "storage",
  "digest",
  "delete",
  "skiplock",
  "revert",
];

const settingsOf = ({ form }: Call): Map<string, string> =>
  new Map(form.names.filter((name) => !CONTROL.includes(name)).map((name) => [name, form.get(name) ?? ""]));

/** Sorted, without doubles, in lower case, as Proxmox keeps tags. */
function cleanTags(settings: Map<string, string>): void {
  const text = settings.get("tags");
  if (text === undefined) return;
  const tags = text.split(/[;, ]+/).filter((tag) => tag !== "");
  const wrong = tags.find((tag) => !/^[a-z0-9_][a-z0-9_\-+.]*$/i.test(tag));
  if (wrong !== undefined) throw badParameters({ tags: `invalid format - invalid characters in tag` });
  settings.set("tags", [...new Set(tags.map((tag) => tag.toLowerCase()))].toSorted().join(";"));
}

/** POST nodes/{node}/qemu */
export const create: Handler = (call) => {
  const { form, rights, world } = call;
  form.allowOnly(...CONTROL, ...VM_PARAMETERS);
  const node = nodeOf(call);
  const vmid = Number(form.need("vmid"));
  if (!Number.isInteger(vmid) || vmid < 100)
    throw badParameters({ vmid: "invalid format - value does not look like a valid VM ID" });
  const pool = form.get("pool");
  if (pool !== undefined && !world.pools.some(({ id }) => id === pool)) throw denied(`pool '${pool}' does not exist`);
  const settings = settingsOf(call);
  checkValues(settings);
  if (!rights.has(`/vms/${vmid}`, "VM.Allocate") && (pool === undefined || !rights.has(`/pool/${pool}`, "VM.Allocate")))
    throw denied();
  const target = { call, node: node.name, vmid };
  checkDriveAccess(target, drivesOf(settings));
  checkParameterRights(rights, vmid, pool, [...settings.keys()]);
  checkPassthroughRights(call, vmid, pool, Object.fromEntries(settings));
  checkNetworkRights(call, settings);
  const taken = world.vms.find((one) => one.vmid === vmid);
  if (taken !== undefined) {
    throw failed(`unable to create VM ${vmid} - VM ${vmid} already exists on node '${taken.node}'`);
  }
  return startTask(call, node.name, "qmcreate", String(vmid), () => makeVm(call, vmid, settings, pool));
};

function makeVm(call: Call, vmid: number, settings: Map<string, string>, pool: string | undefined): void {
  const { world } = call;
  const node = nodeOf(call).name;
  try {
    if (settings.has("tags")) call.rights.needOnVm(vmid, pool, "VM.Config.Options");
    cleanTags(settings);
    const drives = createDrives({ call, node, vmid }, drivesOf(settings));
    const config: Record<string, string> = {
      ...Object.fromEntries(withMacAddresses(world, settings)),
      ...Object.fromEntries(drives),
    };
    delete config["template"];
    config["meta"] = `creation-qemu=9.2.0,ctime=${Math.floor(call.now / 1000)}`;
    config["smbios1"] ??= `uuid=${nextUuid(world)}`;
    config["vmgenid"] ??= nextUuid(world);
    world.vms.push({ vmid, node, config });
    world.pools.find(({ id }) => id === pool)?.vmids.push(vmid);
  } catch (error) {
    if (error instanceof PveError) throw failed(`unable to create VM ${vmid} - ${error.message}`);
    throw error;
  }
}

const digestOf = (config: Readonly<Record<string, string>>): string =>
  createHash("sha1")
    .update(JSON.stringify(Object.entries(config).toSorted()))
    .digest("hex");

/** A configuration as the API gives it: numbers as numbers, the description with the newline that its file gives it. */
function shown(config: Readonly<Record<string, string>>): Record<string, string | number> {
  const entries = Object.entries(config).map(([name, value]): [string, string | number] => [
    name,
    name === "description" ? `${value.replace(/\n$/, "")}\n` : typed(name, value),
  ]);
  return { ...Object.fromEntries(entries), digest: digestOf(config) };
}

/** GET .../config: with what waits for the next start, unless `current=1`. */
export const read: Handler = (call) => {
  call.rights.need(`/vms/${vmidOf(call)}`, "VM.Audit");
  const { config, running } = vmOf(call);
  return shown(call.form.flag("current") ? (running?.config ?? config) : config);
};

/** GET .../pending: what a running VM has, and what it will have. */
export const pending: Handler = (call) => {
  call.rights.need(`/vms/${vmidOf(call)}`, "VM.Audit");
  const { config, running } = vmOf(call);
  const now = running?.config ?? config;
  return [...new Set([...Object.keys(now), ...Object.keys(config)])].toSorted().map((key) => ({
    key,
    ...(now[key] === undefined ? {} : { value: typed(key, now[key]) }),
    ...(config[key] === undefined || config[key] === now[key] ? {} : { pending: typed(key, config[key]) }),
    ...(config[key] === undefined ? { delete: 1 } : {}),
  }));
};

/** PUT .../config, and POST as a task. What a running VM cannot take at once waits for its next start. */
export const update: Handler = (call) => {
  const { form, rights } = call;
  form.allowOnly(...CONTROL, ...VM_PARAMETERS);
  const vm = vmOf(call);
  const removed = (form.get("delete") ?? "").split(/[, ;]+/).filter((name) => name !== "");
  const settings = settingsOf(call);
  checkValues(settings);
  const digest = form.get("digest");
  if (digest !== undefined && digest !== digestOf(vm.config)) {
    throw failed("checksum mismatch (file change by other user?)");
  }
  checkParameterRights(rights, vm.vmid, undefined, [...settings.keys(), ...removed]);
  if (settings.has("tags")) rights.need(`/vms/${vm.vmid}`, "VM.Config.Options");
  checkPassthroughRights(call, vm.vmid, undefined, Object.fromEntries(settings));
  checkNetworkRights(call, settings);
  if (vm.lock !== undefined) throw failed(`VM is locked (${vm.lock})`);
  applyUpdate(call, vm, settings, removed);
  return null;
};

function applyUpdate(call: Call, vm: VmState, settings: Map<string, string>, removed: readonly string[]): void {
  const target = { call, node: vm.node, vmid: vm.vmid };
  const drives = drivesOf(settings);
  if (drives.size > 0 || removed.some((name) => DRIVE.test(name)))
    call.rights.need(`/vms/${vm.vmid}`, "VM.Config.Disk");
  checkDriveAccess(target, drives);
  cleanTags(settings);
  const made = createDrives(target, drives);
  for (const name of removed) {
    // A removed disk stays as a volume that no drive uses, as in Proxmox.
    if (DRIVE.test(name) && vm.config[name] !== undefined) keepUnused(vm, vm.config[name]);
    delete vm.config[name];
  }
  Object.assign(vm.config, Object.fromEntries(withMacAddresses(call.world, settings)), Object.fromEntries(made));
}

function keepUnused(vm: VmState, drive: string): void {
  if (drive.includes("media=cdrom")) return;
  const free = Array.from({ length: 256 }, (_, index) => `unused${index}`).find(
    (name) => vm.config[name] === undefined,
  );
  if (free !== undefined) vm.config[free] = drive.split(",")[0] ?? "";
}

/** PUT .../resize */
export const resize: Handler = (call) => {
  call.form.allowOnly("disk", "size", "digest", "skiplock");
  const vm = vmOf(call);
  call.rights.need(`/vms/${vm.vmid}`, "VM.Config.Disk");
  const disk = call.form.need("disk");
  const wanted = call.form.need("size");
  return startTask(call, vm.node, "resize", String(vm.vmid), () => {
    const volume = volumeOfDrive({ call, node: vm.node, vmid: vm.vmid }, vm.config, disk);
    call.rights.need(`/storage/${volume.storage}`, "Datastore.AllocateSpace");
    const size = wantedSize(wanted, volume.size);
    if (size < volume.size) throw failed("shrinking disks is not supported");
    grow(call.world, storageOn(call.world, vm.node, volume.storage), vm.node, volume, size);
    vm.config[disk] = resized(vm.config[disk] ?? "", size);
  });
};

/** PUT .../cloudinit: makes the drive anew from the configuration. */
export const rebuildCloudInit: Handler = (call) => {
  const vm = vmOf(call);
  call.rights.need(`/vms/${vm.vmid}`, "VM.Config.Cloudinit");
  return null;
};

/** DELETE .../{vmid} */
export const destroy: Handler = (call) => {
  call.form.allowOnly("purge", "destroy-unreferenced-disks", "skiplock");
  const node = nodeOf(call).name;
  const vmid = vmidOf(call);
  call.rights.need(`/vms/${vmid}`, "VM.Allocate");
  const vm = vmOf(call);
  if (vm.config["protection"] === "1") throw failed(`can't remove VM ${vmid} - protection mode enabled`);
  if (vm.running !== undefined) throw failed(`VM ${vmid} is running - destroy failed`);
  const unreferenced = call.form.flag("destroy-unreferenced-disks");
  return startTask(call, node, "qmdestroy", String(vmid), () => {
    const { world } = call;
    const texts = Object.values(vm.config);
    const owned = world.volumes.filter((one) => one.vmid === vmid && (one.node === undefined || one.node === node));
    for (const volume of owned) {
      if (unreferenced || texts.some((text) => text.includes(volume.volid))) release(world, volume);
    }
    world.vms = world.vms.filter((one) => one !== vm);
    for (const pool of world.pools) pool.vmids = pool.vmids.filter((one) => one !== vmid);
  });
};

/** GET nodes/{node}/qemu */
export const list: Handler = (call) => {
  nodeOf(call);
  const node = pathPart(call, "node");
  return call.world.vms
    .filter((vm) => vm.node === node && call.rights.has(`/vms/${vm.vmid}`, "VM.Audit"))
    .map((vm) => ({
      vmid: vm.vmid,
      name: vm.config["name"] ?? `VM ${vm.vmid}`,
      status: vm.running === undefined ? "stopped" : "running",
      ...(vm.config["tags"] === undefined ? {} : { tags: vm.config["tags"] }),
    }));
};
