/** PCI passthrough: which devices a VM gets when it starts, and why not. @see qemu-server src/PVE/QemuServer/PCI.pm */
import type { Call } from "./call";
import { failed } from "./pveError";
import { parseParts } from "./propertyString";
import type { MappingState, NodeState, PciDevice, VmState, World } from "./world";

type Config = Readonly<Record<string, string>>;

const passthroughs = (config: Config): readonly (readonly [string, ReadonlyMap<string, string>])[] =>
  Object.entries(config)
    .filter(([name]) => /^hostpci\d+$/.test(name))
    .toSorted(([a], [b]) => Number(a.slice(7)) - Number(b.slice(7)))
    .map(([name, text]) => [name, parseParts(text, "host")] as const);

/** Whether a token may set these devices. @throws PveError 403, or 500 where only root may */
export function checkPassthroughRights({ rights }: Call, vmid: number, pool: string | undefined, config: Config): void {
  for (const [name, parts] of passthroughs(config)) {
    const mapping = parts.get("mapping");
    if (parts.has("host")) throw failed(`only root can set '${name}' config for non-mapped devices`);
    if (mapping === undefined) throw failed("either 'host' or 'mapping' must be set.");
    rights.need(`/mapping/pci/${mapping}`, "Mapping.Use");
    rights.needOnVm(vmid, pool, "VM.Config.HWType");
    if (parts.has("romfile")) throw failed(`${name}: only root@pam can set 'romfile' option`);
  }
}

/** The PCI functions that a VM takes when it starts. @throws PveError with what Proxmox says when it cannot */
export function claimDevices(world: World, node: NodeState, vm: VmState): readonly string[] {
  const isQ35 = /(?:^|=)(?:pc-)?q35/.test(vm.config["machine"] ?? "");
  const claimed: string[] = [];
  for (const [name, parts] of passthroughs(vm.config)) {
    const mapping = parts.get("mapping") ?? "";
    const choices = choicesOf(world, node, mapping);
    if (!isQ35 && parts.get("pcie") === "1") throw failed("q35 machine model is not enabled");
    const free = choices.find((ids) =>
      ids.every((id) => !claimed.includes(id) && holder(world, node, id, vm.vmid) === undefined),
    );
    if (free === undefined) throw whyNoneIsFree(world, node, name, choices, vm.vmid, claimed);
    claimed.push(...free);
  }
  return claimed;
}

function whyNoneIsFree(
  world: World,
  node: NodeState,
  name: string,
  choices: readonly (readonly string[])[],
  vmid: number,
  claimed: readonly string[],
): Error {
  const [only, ...others] = choices;
  if (only === undefined || others.length > 0) return failed(`could not find a free device for '${name}'`);
  const twice = only.find((id) => claimed.includes(id));
  if (twice !== undefined) return failed(`device '${twice}' assigned more than once`);
  const [id = "", holding] =
    only.map((one) => [one, holder(world, node, one, vmid)] as const).find(([, by]) => by !== undefined) ?? [];
  return failed(`PCI device '${id}' already in use by VMID '${holding ?? "?"}'`);
}

function holder(world: World, node: NodeState, id: string, vmid: number): number | undefined {
  return world.vms.find(
    (one) => one.vmid !== vmid && one.node === node.name && one.running?.devices.includes(id) === true,
  )?.vmid;
}

/** For each entry of a mapping on this node: the functions it stands for. */
function choicesOf(world: World, node: NodeState, id: string): readonly (readonly string[])[] {
  const mapping = world.mappings.find((one) => one.id === id);
  const entries = mapping === undefined ? [] : entriesOn(mapping, node.name);
  if (mapping === undefined || entries.length === 0) throw failed(`PCI device mapping not found for '${id}'`);
  return entries.flatMap((entry) => {
    const fault = entryFault(mapping, entry, node);
    if (fault !== undefined) throw failed(`PCI device mapping invalid (hardware probably changed): ${fault}`);
    return [(entry.get("path") ?? "").split(";").flatMap((path) => functionsOf(node, path).map((device) => device.id))];
  });
}

/** The entries of a mapping for a node. */
export const entriesOn = (mapping: MappingState, node: string): readonly ReadonlyMap<string, string>[] =>
  mapping.map.map((text) => parseParts(text)).filter((entry) => entry.get("node") === node);

const functionsOf = (node: NodeState, path: string): readonly PciDevice[] =>
  node.pci.filter(({ id }) => id === path || (!path.includes(".") && id.startsWith(`${path}.`)));

const short = (hex: string): string => hex.replace(/^0x/, "").toLowerCase();

/** What does not fit between a mapping's entry and the device. @see pve-guest-common src/PVE/Mapping/PCI.pm, assert_valid */
export function entryFault(
  mapping: MappingState,
  entry: ReadonlyMap<string, string>,
  node: NodeState,
): string | undefined {
  const [first = ""] = (entry.get("path") ?? "").split(";");
  const path = first.includes(".") ? first : `${first}.0`;
  const device = node.pci.find(({ id }) => id === path);
  if (device === undefined) return `pci device '${path}' not found`;
  const expected: readonly (readonly [string, string])[] = [
    ["id", `${short(device.vendor)}:${short(device.device)}`],
    ["iommugroup", String(device.iommuGroup)],
    ["mdev", "0"],
    ["subsystem-id", `${short(device.subsystemVendor)}:${short(device.subsystemDevice)}`],
  ];
  for (const [property, wanted] of expected) {
    const found = property === "mdev" ? (mapping.mdev === true ? "1" : "0") : entry.get(property);
    if (found === undefined) return `missing expected property '${property}' for device '${path}'`;
    if (short(found) !== wanted)
      return `'${property}' does not match for '${mapping.id}' (${wanted} != ${short(found)})`;
  }
  return undefined;
}
