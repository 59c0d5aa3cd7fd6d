import { z } from "zod";
import type { StandInResource } from "../provider";
import type { Properties } from "../values";
import { checkWith, matching, plain } from "./checks";
import type { Client, Parameters } from "./client";
import { during } from "./context";
import { diffInputs } from "./diffs";

const DEVICE_ID = /^[0-9A-Fa-f]{4}:[0-9A-Fa-f]{4}$/;
const PATH = /^[a-f0-9]{4,}:[a-f0-9]{2}:[a-f0-9]{2}(?:\.[a-f0-9])?$/;
const deviceId = (attribute: string) =>
  matching(
    attribute,
    (value) => DEVICE_ID.test(value),
    'value must be a valid hardware mapping device ID, e.g. "8086:5916"',
  );

const mapSchema = z.strictObject({
  node: z.string(),
  path: matching(
    "path",
    (value) => PATH.test(value),
    'not a valid Linux device path for hardware mapping of type "pci"',
    ", got: ",
    "",
  ),
  id: deviceId("id"),
  subsystemId: deviceId("subsystem_id").optional(),
  iommuGroup: z.int().optional(),
  comment: z
    .string()
    .regex(/^[^,=]*$/, { error: 'must not contain commas "," or equals signs "="' })
    .optional(),
});

const schema = z.strictObject({
  name: z.string(),
  comment: z.string().optional(),
  mediatedDevices: z.boolean().optional(),
  maps: z.array(mapSchema).min(1),
});

type Map = z.output<typeof mapSchema>;

const foundSchema = z.object({
  map: z.array(z.string()),
  description: z.string().optional(),
  mdev: z.union([z.literal(0), z.literal(1)]).optional(),
});

/** @see bpg v0.111.1 proxmox/types/hardwaremapping/map.go, String */
const printMap = ({ id, node, path, comment, iommuGroup, subsystemId }: Map): string =>
  [
    `id=${id}`,
    `node=${node}`,
    `path=${path}`,
    ...(comment === undefined ? [] : [`description=${encodeURIComponent(comment)}`]),
    ...(iommuGroup === undefined ? [] : [`iommugroup=${iommuGroup}`]),
    ...(subsystemId === undefined ? [] : [`subsystem-id=${subsystemId}`]),
  ].join(",");

function parseMap(text: string): Properties {
  const parts = new Map(
    text.split(",").map((part) => [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)] as const),
  );
  const [comment, group, subsystem] = [parts.get("description"), parts.get("iommugroup"), parts.get("subsystem-id")];
  return {
    node: parts.get("node") ?? "",
    path: parts.get("path") ?? "",
    id: parts.get("id") ?? "",
    ...(comment === undefined ? {} : { comment: decodeURIComponent(comment) }),
    ...(group === undefined ? {} : { iommuGroup: Number(group) }),
    ...(subsystem === undefined ? {} : { subsystemId: subsystem }),
  };
}

const form = ({ comment, maps, mediatedDevices }: z.output<typeof schema>): Parameters => ({
  description: comment,
  map: maps.map(printMap),
  mdev: mediatedDevices === true ? true : undefined,
});

const outputsOf = (inputs: Properties): Properties => ({ mediatedDevices: false, ...inputs });

/**
 * `proxmoxve:hardware/mapping/pci:Pci`. As in the official plugin, a changed name is an update, which Proxmox refuses.
 * @see bpg v0.111.1 fwprovider/cluster/hardwaremapping/resource_pci.go
 */
export function pciMapping(client: Client): StandInResource {
  const path = (name: string): string => `cluster/mapping/pci/${encodeURIComponent(name)}`;
  const read = async (name: string): Promise<z.output<typeof foundSchema>> =>
    foundSchema.parse(await client.send("GET", path(name)));
  return {
    check: (news, name) => checkWith(schema, news, name),
    diff: (olds, news) => diffInputs(olds, news, () => false),
    async create(call, properties) {
      if (call.preview) return { id: "", outputs: outputsOf(properties) };
      const inputs = schema.parse(plain(properties));
      const { name } = inputs;
      await during(`Could not create PCI hardware mapping "${name}": creating hardware mapping "${name}"`, () =>
        client.send("POST", "cluster/mapping/pci", { id: name, ...form(inputs) }),
      );
      await read(name);
      return { id: name, outputs: outputsOf(properties) };
    },
    async update(call, state, properties) {
      if (call.preview) return outputsOf(properties);
      const inputs = schema.parse(plain(properties));
      const { name } = inputs;
      const removed =
        inputs.comment === undefined && plain(state)["comment"] !== undefined ? { delete: "description" } : {};
      await during(`Could not update PCI hardware mapping "${name}": udating hardware mapping "${name}"`, () =>
        client.send("PUT", path(name), { ...form(inputs), ...removed }),
      );
      await read(name);
      return outputsOf(properties);
    },
    async delete(_, state) {
      const name = z.string().parse(plain(state)["name"]);
      await during(`Could not delete PCI hardware mapping "${name}": deleting hardware mapping "${name}"`, () =>
        client.send("DELETE", path(name)),
      );
    },
    async read(_, state, inputs) {
      const name = z.string().parse(plain(state)["name"]);
      const { map, description, mdev } = await read(name);
      const live: Properties = {
        ...inputs,
        maps: map.map(parseMap),
        ...(description === undefined ? {} : { comment: description }),
        ...(mdev === 1 ? { mediatedDevices: true } : {}),
      };
      if (description === undefined) delete live["comment"];
      return { inputs: live, outputs: outputsOf(live) };
    },
  };
}
