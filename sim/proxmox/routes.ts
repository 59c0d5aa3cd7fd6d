/** Every call that the simulator knows, by method and path below /api2/json. */
import * as cluster from "./clusterApi";
import type { Handler } from "./call";
import * as mapping from "./mappingApi";
import * as pool from "./poolApi";
import * as storage from "./storageApi";
import * as tasks from "./tasks";
import * as vm from "./vmConfig";
import * as power from "./vmPower";

interface Route {
  readonly method: string;
  readonly parts: readonly string[];
  readonly handler: Handler;
}

const VM = "nodes/{node}/qemu/{vmid}";
const STORAGE = "nodes/{node}/storage/{storage}";

const TABLE: readonly (readonly [string, string, Handler])[] = [
  ["GET", "version", cluster.version],
  ["GET", "nodes", cluster.nodes],
  ["GET", "access/permissions", cluster.permissions],
  ["GET", "cluster/resources", cluster.resources],
  ["GET", "cluster/nextid", cluster.nextId],
  ["GET", "cluster/mapping/pci", mapping.mappings],
  ["POST", "cluster/mapping/pci", mapping.createMapping],
  ["GET", "cluster/mapping/pci/{id}", mapping.mapping],
  ["PUT", "cluster/mapping/pci/{id}", mapping.updateMapping],
  ["DELETE", "cluster/mapping/pci/{id}", mapping.deleteMapping],
  ["GET", "pools", pool.pools],
  ["POST", "pools", pool.createPool],
  ["PUT", "pools", pool.updatePool],
  ["DELETE", "pools", pool.deletePool],
  ["GET", "nodes/{node}/hardware/pci", cluster.pciDevices],
  ["GET", "nodes/{node}/query-url-metadata", storage.urlMetadata],
  ["GET", "nodes/{node}/storage", storage.listStorages],
  ["GET", `${STORAGE}/status`, storage.storageStatus],
  ["GET", `${STORAGE}/content`, storage.listContent],
  ["GET", `${STORAGE}/content/{volume}`, storage.readVolume],
  ["DELETE", `${STORAGE}/content/{volume}`, storage.deleteVolume],
  ["POST", `${STORAGE}/download-url`, storage.downloadUrl],
  ["GET", "nodes/{node}/tasks/{upid}/status", tasks.taskStatus],
  ["GET", "nodes/{node}/tasks/{upid}/log", tasks.taskLog],
  ["DELETE", "nodes/{node}/tasks/{upid}", tasks.stopTask],
  ["GET", "nodes/{node}/qemu", vm.list],
  ["POST", "nodes/{node}/qemu", vm.create],
  ["DELETE", VM, vm.destroy],
  ["GET", `${VM}/config`, vm.read],
  ["PUT", `${VM}/config`, vm.update],
  ["GET", `${VM}/pending`, vm.pending],
  ["PUT", `${VM}/resize`, vm.resize],
  ["PUT", `${VM}/cloudinit`, vm.rebuildCloudInit],
  ["GET", `${VM}/status/current`, power.status],
  ["POST", `${VM}/status/start`, power.start],
  ["POST", `${VM}/status/stop`, power.stop],
  ["POST", `${VM}/status/shutdown`, power.shutdown],
  ["POST", `${VM}/status/reboot`, power.reboot],
  ["POST", `${VM}/agent/ping`, power.ping],
  ["GET", `${VM}/agent/network-get-interfaces`, power.networkInterfaces],
];

const ROUTES: readonly Route[] = TABLE.map(([method, path, handler]) => ({ method, parts: path.split("/"), handler }));

/** The handler for a request, with the named parts of its path; undefined where Proxmox has, or we know, no such call. */
export function findRoute(
  method: string,
  path: string,
): { readonly handler: Handler; readonly parts: Readonly<Record<string, string>> } | undefined {
  const given = path
    .split("/")
    .filter((part) => part !== "")
    .map(decodedPart);
  for (const route of ROUTES) {
    if (route.method !== method || route.parts.length !== given.length) continue;
    const parts = matched(route.parts, given);
    if (parts !== undefined) return { handler: route.handler, parts };
  }
  return undefined;
}

function matched(pattern: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  const found: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const value = given[index] ?? "";
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name !== undefined) found[name] = value;
    else if (part !== value) return undefined;
  }
  return found;
}

/** A part of a path may hold encoded slashes, as a volume id does. */
function decodedPart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
