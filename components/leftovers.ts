/** What a run that was cut off has made on Proxmox and no state knows: pools and mappings, whose names can be given once. */
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { askProxmox, deleteOnProxmox, type ApiAccess } from "./proxmoxApi";
import { valueOf, type OwnershipArgs } from "./vmOwnership";

/** What the comments of a stack's pool and mappings end with. */
export const ownerMark = (stack: string): string => `Tokenrack stack ${stack}`;

const poolInputs = z.object({ poolId: z.string(), comment: z.string() });
const mappingInputs = z.object({
  name: z.string(),
  comment: z.string(),
  maps: z.array(z.object({ node: z.string(), path: z.string() })),
});
type MappingInputs = z.infer<typeof mappingInputs>;

const pools = z.array(z.object({ poolid: z.string(), comment: z.string().default("") }));
const members = z.array(z.object({ members: z.array(z.object({ id: z.string() })).default([]) }));
const mappings = z.array(
  z.object({ id: z.string(), description: z.string().default(""), map: z.array(z.string()).default([]) }),
);
const vms = z.array(z.object({ vmid: z.number() }));
const vmConfig = z.record(z.string(), z.unknown());

/** @throws Error when Proxmox does not say */
async function ask<T>(access: ApiAccess, path: string, schema: z.ZodType<T>): Promise<T> {
  const { status, message, data } = await askProxmox(access, path);
  if (status !== 200) throw new Error(`Proxmox refused GET ${path.split("?")[0]}: ${status} ${message}`);
  return schema.parse(data);
}

const fault = (path: string, found: string, expected: string, fix: string): string =>
  `${path}: found ${found}; expected ${expected}; fix: ${fix}. Nothing was changed.`;

const lost = "where the stack's state was lost, bring it back (pulumi stack import)";

/**
 * Takes away an empty pool of ours.
 * @returns why it must not, in one line; undefined when none of that name is left
 * @throws Error when Proxmox does not say, or does not delete it
 */
export async function removeLeftPool(access: ApiAccess, news: unknown): Promise<string | undefined> {
  const { poolId, comment } = poolInputs.parse(news);
  const found = (await ask(access, "pools", pools)).find(({ poolid }) => poolid === poolId);
  if (found === undefined) return undefined;
  const path = `pools?poolid=${encodeURIComponent(poolId)}`;
  const held = (await ask(access, path, members)).flatMap((pool) => pool.members.map(({ id }) => id));
  const expected = `none of that name, or an empty one with the comment "${comment}"`;
  const other = "name another pool in platform.pool, or remove that one";
  if (found.comment !== comment) {
    return fault("platform.pool", `a Proxmox pool ${poolId} with the comment "${found.comment}"`, expected, other);
  }
  if (held.length > 0) {
    const what = `the pool ${poolId} of this stack, which the state does not know, with ${held.join(", ")} in it`;
    return fault("platform.pool", what, expected, `${lost}; else ${other}`);
  }
  await deleteOnProxmox(access, path);
  return undefined;
}

/** Who may have made a mapping by its comment, when it is not exactly ours. */
function otherMapping({ name, comment }: MappingInputs, description: string): string {
  const mark = /, Tokenrack stack .*$/s.exec(comment)?.[0];
  const remove = `as root on a Proxmox host: pvesh delete /cluster/mapping/pci/${name}`;
  return mark !== undefined && description.endsWith(mark)
    ? `take the GPU from the VM that has it in a run of its own, before another gets it; where no VM has it, ${remove}`
    : `where nothing uses it, ${remove}; else take the GPU out of this stack`;
}

/** VMs of a host whose configuration names a mapping. */
async function usersOf(access: ApiAccess, name: string, node: string): Promise<readonly number[]> {
  const host = `nodes/${encodeURIComponent(node)}/qemu`;
  const all = await ask(access, host, vms);
  const found = await Promise.all(
    all.map(async ({ vmid }) => {
      const config = await ask(access, `${host}/${vmid}/config`, vmConfig);
      const devices = Object.entries(config).filter(([key]) => /^hostpci\d+$/.test(key));
      return devices.some(([, value]) => String(value).split(",").includes(`mapping=${name}`)) ? [vmid] : [];
    }),
  );
  return found.flat();
}

/** "node path" of an entry: "id=10de:2204,node=pve1,path=0000:01:00". */
const placeOf = (entry: string): string => {
  const parts = new Map(entry.split(",").map((part) => [part.split("=")[0], part.split("=")[1]]));
  return `${parts.get("node")} ${parts.get("path")}`;
};

/**
 * Takes away a mapping that is to the letter what is to be made, and that no VM uses.
 * @returns why it must not, in one line; undefined when none of that name is left
 * @throws Error when Proxmox does not say, or does not delete it
 */
export async function removeLeftMapping(access: ApiAccess, news: unknown): Promise<string | undefined> {
  const wanted = mappingInputs.parse(news);
  const { name, comment, maps } = wanted;
  const found = (await ask(access, "cluster/mapping/pci", mappings)).find(({ id }) => id === name);
  if (found === undefined) return undefined;
  const ours = maps.map(({ node, path }) => `${node} ${path}`);
  const foreign = found.map.map(placeOf).filter((place) => !ours.includes(place));
  const expected = `none of that name, or an unused one of ${ours.join(", ")} alone with the comment "${comment}"`;
  if (found.description !== comment || foreign.length > 0) {
    const what = `a PCI mapping ${name} of ${found.map.map(placeOf).join(", ")} with the comment "${found.description}"`;
    return fault("hosts[*].gpus", what, expected, otherMapping(wanted, found.description));
  }
  const users = (await Promise.all(maps.map(({ node }) => usersOf(access, name, node)))).flat();
  if (users.length > 0) {
    const what = `the PCI mapping ${name} of this stack, which the state does not know, in use by VM ${users.join(", ")}`;
    return fault("hosts[*].gpus", what, expected, `${lost}; else remove VM and mapping`);
  }
  await deleteOnProxmox(access, `cluster/mapping/pci/${encodeURIComponent(name)}`);
  return undefined;
}

/** What runs before a pool, and before a mapping, is made. */
export interface LeftoverHooks {
  readonly pool: pulumi.ResourceHook;
  readonly mapping: pulumi.ResourceHook;
}

/**
 * Run before a pool or a mapping is made. Where a run was cut off after Proxmox had made one, or lost the answer, the
 * name is taken and no run could ever go on: an empty pool and an unused mapping of ours are taken away, to be made
 * again a moment later. All else stops the run before it is touched. Never run in a preview.
 * @param name of both hooks, before "-pool" and "-mapping"
 */
export function leftoverHooks(name: string, args: OwnershipArgs): LeftoverHooks {
  const { endpoint, caCert, allowInsecureTls } = args;
  const hook = (kind: string, remove: typeof removeLeftPool): pulumi.ResourceHook =>
    new pulumi.ResourceHook(`${name}-${kind}`, async ({ newInputs }) => {
      const apiToken = await valueOf(args.apiToken);
      const reason = await remove({ endpoint, caCert, allowInsecureTls, apiToken }, newInputs);
      if (reason !== undefined) throw new Error(reason);
    });
  return { pool: hook("pool", removeLeftPool), mapping: hook("mapping", removeLeftMapping) };
}
