/** Resource mappings of PCI devices. @see pve-manager PVE/API2/Cluster/Mapping/PCI.pm */
import { pathPart, type Handler } from "./call";
import { entriesOn, entryFault } from "./hostPci";
import { parseParts } from "./propertyString";
import { badParameters, failed } from "./pveError";
import type { MappingState } from "./world";

const shownMapping = ({ id, description, mdev, map }: MappingState): object => ({
  id,
  type: "pci",
  map,
  ...(description === undefined ? {} : { description }),
  ...(mdev === undefined ? {} : { mdev: mdev ? 1 : 0 }),
  digest: "5eed5eed5eed5eed5eed5eed5eed5eed5eed5eed",
});

const SEES_MAPPINGS = ["Mapping.Modify", "Mapping.Use", "Mapping.Audit"] as const;

/** GET cluster/mapping/pci */
export const mappings: Handler = ({ world, rights, form }) => {
  const name = form.get("check-node");
  const node = world.nodes.find((one) => one.name === name);
  return world.mappings
    .filter(({ id }) => rights.hasAny(`/mapping/pci/${id}`, ...SEES_MAPPINGS))
    .map((mapping) => {
      if (node === undefined) return shownMapping(mapping);
      const faults = entriesOn(mapping, node.name).flatMap((entry) => entryFault(mapping, entry, node) ?? []);
      return {
        ...shownMapping(mapping),
        checks: faults.map((fault) => ({ severity: "error", message: `Invalid configuration: ${fault}` })),
      };
    });
};

/** GET cluster/mapping/pci/{id} */
export const mapping: Handler = (call) => {
  const id = pathPart(call, "id");
  call.rights.needAny(`/mapping/pci/${id}`, ...SEES_MAPPINGS);
  const found = call.world.mappings.find((one) => one.id === id);
  if (found === undefined) throw failed(`mapping '${id}' not found`);
  return shownMapping(found);
};

const PATH = "[a-f0-9]{4,}:[a-f0-9]{2}:[a-f0-9]{2}(?:\\.[a-f0-9])?";
/** @see pve-guest-common src/PVE/Mapping/PCI.pm, map_fmt */
const MAP_FORMAT: Readonly<Record<string, RegExp>> = {
  node: /^[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?$/,
  id: /^[0-9A-Fa-f]{4}:[0-9A-Fa-f]{4}$/,
  "subsystem-id": /^[0-9A-Fa-f]{4}:[0-9A-Fa-f]{4}$/,
  path: new RegExp(`^(?:${PATH};)*${PATH}$`),
  iommugroup: /^-?\d+$/,
  description: /^[^,]*$/,
};

function checkMap(entries: readonly string[]): void {
  for (const text of entries) {
    const parts = parseParts(text);
    const wrong = [...parts].find(([name, value]) => MAP_FORMAT[name]?.test(value) !== true);
    const missing = ["id", "node", "path"].find((name) => !parts.has(name));
    if (wrong !== undefined)
      throw badParameters({ map: `invalid format - ${wrong[0]}: value does not match the regex pattern` });
    if (missing !== undefined)
      throw badParameters({ map: `invalid format - ${missing}: property is missing and it is not optional` });
  }
}

/** POST cluster/mapping/pci */
export const createMapping: Handler = ({ world, rights, form }) => {
  form.allowOnly("id", "description", "mdev", "map", "live-migration-capable");
  rights.need("/mapping/pci", "Mapping.Modify");
  const id = form.need("id");
  if (!/^[a-z][a-z0-9_-]+$/i.test(id)) throw badParameters({ id: "invalid format - invalid configuration ID" });
  form.need("map");
  checkMap(form.all("map"));
  if (world.mappings.some((one) => one.id === id)) {
    throw failed(`create hardware mapping failed: pci ID '${id}' already defined`);
  }
  const description = form.get("description");
  world.mappings.push({
    id,
    map: [...form.all("map")],
    ...(description === undefined ? {} : { description }),
    ...(form.get("mdev") === undefined ? {} : { mdev: form.flag("mdev") }),
  });
  return null;
};

/** PUT cluster/mapping/pci/{id} */
export const updateMapping: Handler = (call) => {
  const { world, rights, form } = call;
  form.allowOnly("description", "mdev", "map", "delete", "digest", "live-migration-capable");
  const id = pathPart(call, "id");
  rights.need(`/mapping/pci/${id}`, "Mapping.Modify");
  const found = world.mappings.find((one) => one.id === id);
  if (found === undefined) throw failed(`update hardware mapping failed: pci ID '${id}' does not exist`);
  checkMap(form.all("map"));
  if (form.get("map") !== undefined) found.map = [...form.all("map")];
  const description = form.get("description");
  if (description !== undefined) found.description = description;
  if (form.get("mdev") !== undefined) found.mdev = form.flag("mdev");
  const removed = (form.get("delete") ?? "").split(",");
  if (removed.includes("description")) delete found.description;
  if (removed.includes("mdev")) delete found.mdev;
  return null;
};

/** DELETE cluster/mapping/pci/{id}: that there is none is no fault. */
export const deleteMapping: Handler = (call) => {
  call.rights.need("/mapping/pci", "Mapping.Modify");
  const id = pathPart(call, "id");
  call.world.mappings = call.world.mappings.filter((one) => one.id !== id);
  return null;
};
