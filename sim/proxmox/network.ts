/** Network cards of VMs. @see qemu-server src/PVE/QemuServer/Network.pm */
import { nodeOf, type Call } from "./call";
import { failed } from "./pveError";
import { parseParts, printParts } from "./propertyString";
import { nextNumber, type World } from "./world";

const MODELS = ["virtio", "e1000", "e1000e", "rtl8139", "vmxnet3"];
const isCard = (name: string): boolean => /^net\d+$/.test(name);

const cards = (settings: ReadonlyMap<string, string>): readonly (readonly [string, Map<string, string>])[] =>
  [...settings].filter(([name]) => isCard(name)).map(([name, text]) => [name, parseParts(text, "model")] as const);

/** @see pve-guest-common src/PVE/GuestHelpers.pm, check_vnet_access. @throws PveError 403; 500 without the bridge */
export function checkNetworkRights(call: Call, settings: ReadonlyMap<string, string>): void {
  for (const [, parts] of cards(settings)) {
    const bridge = parts.get("bridge");
    if (bridge === undefined) continue;
    const tag = parts.get("tag");
    call.rights.need(`/sdn/zones/localnetwork/${bridge}${tag === undefined ? "" : `/${tag}`}`, "SDN.Use");
    if (!nodeOf(call).bridges.includes(bridge)) throw failed(`bridge '${bridge}' does not exist`);
  }
}

/** The settings with each card as Proxmox keeps it, "virtio=BC:24:11:..,bridge=vmbr0": a new MAC address where none is given. */
export function withMacAddresses(world: World, settings: ReadonlyMap<string, string>): Map<string, string> {
  const result = new Map(settings);
  for (const [name, parts] of cards(settings)) {
    const named = MODELS.find((model) => parts.has(model));
    const model = named ?? parts.get("model") ?? "virtio";
    const mac = (named === undefined ? parts.get("macaddr") : parts.get(named)) ?? newMac(world);
    for (const used of ["model", "macaddr", model]) parts.delete(used);
    const rest = printParts(parts);
    result.set(name, `${model}=${mac.toUpperCase()}${rest === "" ? "" : `,${rest}`}`);
  }
  return result;
}

/** In Proxmox's own range. */
function newMac(world: World): string {
  const hex = nextNumber(world).toString(16).padStart(6, "0").slice(-6);
  return `BC:24:11:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4)}`;
}
