/** What belongs to the whole cluster: its nodes, resources and ids, and what a token may do. */
import { nodeOf, type Handler } from "./call";
import { privilegesOn } from "./permissions";
import { badParameters } from "./pveError";

/** GET version */
export const version: Handler = ({ world }) => ({
  version: world.version,
  release: world.version.split(".").slice(0, 2).join("."),
  repoid: "5eed5eed",
});

/** GET nodes */
export const nodes: Handler = ({ world }) =>
  world.nodes.map(({ name, online }) => ({
    node: name,
    id: `node/${name}`,
    type: "node",
    status: online ? "online" : "offline",
  }));

/** GET nodes/{node}/hardware/pci */
export const pciDevices: Handler = (call) => {
  const node = nodeOf(call);
  call.rights.needAny("/", "Sys.Audit", "Sys.Modify");
  const hidden = (call.form.get("pci-class-blacklist") ?? "05;06;0b").split(/[;, ]+/).filter((one) => one !== "");
  return node.pci
    .filter((device) => !hidden.some((prefix) => device.class.startsWith(`0x${prefix}`)))
    .map((device) => ({
      id: device.id,
      class: device.class,
      vendor: device.vendor,
      device: device.device,
      device_name: device.name,
      subsystem_vendor: device.subsystemVendor,
      subsystem_device: device.subsystemDevice,
      iommugroup: device.iommuGroup,
    }));
};

/** GET cluster/resources */
export const resources: Handler = ({ world, rights, form }) => {
  const wanted = form.get("type");
  const vms = world.vms
    .filter(({ vmid }) => rights.has(`/vms/${vmid}`, "VM.Audit"))
    .map(({ vmid, node, config, running }) => {
      const pool = world.pools.find(({ vmids }) => vmids.includes(vmid))?.id;
      return {
        id: `qemu/${vmid}`,
        type: "qemu",
        vmid,
        node,
        name: config["name"] ?? `VM ${vmid}`,
        status: running === undefined ? "stopped" : "running",
        template: 0,
        maxcpu: Number(config["cores"] ?? 1),
        maxmem: Number(config["memory"] ?? 512) * 2 ** 20,
        ...(config["tags"] === undefined ? {} : { tags: config["tags"] }),
        ...(pool === undefined ? {} : { pool }),
      };
    });
  const hosts = world.nodes.map(({ name, online }) => ({
    id: `node/${name}`,
    type: "node",
    node: name,
    status: online ? "online" : "offline",
  }));
  return [
    ...(wanted === undefined || wanted === "vm" ? vms : []),
    ...(wanted === undefined || wanted === "node" ? hosts : []),
  ];
};

/** GET cluster/nextid */
export const nextId: Handler = ({ world, form }) => {
  const taken = new Set(world.vms.map(({ vmid }) => vmid));
  const asked = form.get("vmid");
  if (asked !== undefined) {
    if (taken.has(Number(asked))) throw badParameters({ vmid: `VM ${asked} already exists` });
    return asked;
  }
  let free = 100;
  while (taken.has(free)) free++;
  return String(free);
};

/** Always listed, besides the paths that have an entry of their own. */
const LISTED = ["/", "/access", "/access/groups", "/nodes", "/pool", "/sdn", "/storage", "/vms"];

/**
 * GET access/permissions: what the token may do, by path; a path where it may do nothing is left out. All entries hold for
 * what is below. @see pve-access-control src/PVE/API2/AccessControl.pm and src/PVE/RPCEnvironment.pm
 */
export const permissions: Handler = ({ world, token, form }) => {
  form.allowOnly("path", "userid");
  const asked = form.get("path");
  const paths = asked === undefined ? [...LISTED, ...token.acl.map(({ path }) => path)] : [asked];
  return Object.fromEntries(
    [...new Set(paths)].flatMap((path) => {
      const found = [...privilegesOn(world, token, path)].toSorted();
      return found.length === 0 ? [] : [[path, Object.fromEntries(found.map((one) => [one, 1]))]];
    }),
  );
};
