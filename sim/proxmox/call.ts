/** One request, as the handlers see it. */
import type { Rights } from "./permissions";
import { badParameters, failed } from "./pveError";
import type { Form } from "./form";
import type { NodeState, StorageState, TokenState, VmState, World } from "./world";

export interface Call {
  readonly world: World;
  readonly token: TokenState;
  readonly rights: Rights;
  /** Parts of the path by name. */
  readonly path: Readonly<Record<string, string>>;
  /** Query and body together, as Proxmox takes them. */
  readonly form: Form;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Returns the `data` of the answer. */
export type Handler = (call: Call) => unknown;

/** A part of the path. */
export function pathPart(call: Call, name: string): string {
  const part = call.path[name];
  if (part === undefined) throw failed(`no part "${name}" in the path`);
  return part;
}

/** The node of the path. @throws PveError as the proxy to another node answers */
export function nodeOf(call: Call): NodeState {
  const name = pathPart(call, "node");
  const node = call.world.nodes.find((one) => one.name === name);
  if (node === undefined)
    throw failed(
      `hostname lookup '${name}' failed - failed to get address info for: ${name}: Name or service not known`,
    );
  if (!node.online) throw failed(`Connection refused (596): node '${name}' is offline`);
  return node;
}

/** The VM of the path. @see pve-guest-common src/PVE/AbstractConfig.pm, load_config */
export function vmOf(call: Call): VmState {
  const node = nodeOf(call).name;
  const vmid = vmidOf(call);
  const vm = call.world.vms.find((one) => one.vmid === vmid && one.node === node);
  if (vm === undefined) throw failed(`Configuration file 'nodes/${node}/qemu-server/${vmid}.conf' does not exist`);
  return vm;
}

/** The VM id of the path. */
export function vmidOf(call: Call): number {
  const text = pathPart(call, "vmid");
  if (!/^[1-9]\d{2,8}$/.test(text))
    throw badParameters({ vmid: "invalid format - value does not look like a valid VM ID" });
  return Number(text);
}

/** A storage that the node has. @see pve-storage src/PVE/Storage.pm, storage_check_enabled */
export function storageOn(world: World, node: string, id: string): StorageState {
  const storage = world.storages.find((one) => one.id === id);
  if (storage === undefined) throw failed(`storage '${id}' does not exist`);
  if (storage.nodes !== undefined && !storage.nodes.includes(node)) {
    throw failed(`storage '${id}' is not available on node '${node}'`);
  }
  return storage;
}
