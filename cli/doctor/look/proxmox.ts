/** What Proxmox's API says of mappings and VMs. Only GETs. */
import * as z from "zod";
import { askProxmox, type ApiAccess } from "../../../components/proxmoxApi";
import { findTokenFault } from "../../../components/tokenCheck";
import { neededPrivileges } from "../../../components/tokenPrivileges";
import type { ProxmoxPlan } from "../../../plan/types";
import { ownerTag } from "../../../render/vm";
import type { FoundMapping, FoundVm, MappingFacts, VmFacts, WantedMapping, WantedVm } from "../judge/proxmox";

const mappingList = z.array(
  z.object({
    id: z.string(),
    map: z.array(z.string()).default([]),
    checks: z.array(z.object({ message: z.string().default("") })).default([]),
  }),
);
const vmList = z.array(
  z.object({
    vmid: z.number(),
    node: z.string(),
    name: z.string().default(""),
    tags: z.string().default(""),
    status: z.string().default("unknown"),
  }),
);
const vmConfig = z.record(z.string(), z.unknown());

/** @throws Error with the refusal */
async function ask<T>(access: ApiAccess, path: string, schema: z.ZodType<T>): Promise<T> {
  const { status, data, message } = await askProxmox(access, path);
  if (status !== 200) throw new Error(`${path.split("?")[0] ?? ""} answered ${status} ${message}`);
  const parsed = schema.safeParse(data);
  if (!parsed.success) throw new Error(`${path.split("?")[0] ?? ""} answered something that is not understood`);
  return parsed.data;
}

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** How the stack's API is asked. */
export const accessOf = ({ fleet }: ProxmoxPlan, apiToken: string): ApiAccess => ({ ...fleet.api, apiToken });

const wantedMappings = ({ placement }: ProxmoxPlan): readonly WantedMapping[] =>
  placement.vms.flatMap(({ name, host, gpus }) => gpus.map(({ mapping, pci }) => ({ mapping, vm: name, host, pci })));

/** Proxmox checks a mapping only for a host that is named. */
async function foundMappings(access: ApiAccess, hosts: readonly string[]): Promise<readonly FoundMapping[]> {
  const byId = new Map<string, FoundMapping>();
  for (const host of hosts) {
    for (const { id, map, checks } of await ask(access, `cluster/mapping/pci?check-node=${host}`, mappingList)) {
      const before = byId.get(id)?.checks ?? [];
      // One that has nothing on the host that is asked about is told as one that lacks it.
      const mine = map.some((entry) => entry.split(",").includes(`node=${host}`));
      const now = mine ? checks.map(({ message }) => message) : [];
      byId.set(id, { id, map, checks: [...before, ...now] });
    }
  }
  return [...byId.values()];
}

/** Looks whether the API answers, what its token lacks, and at the mappings. */
export async function lookAtMappings(plan: ProxmoxPlan, access: ApiAccess): Promise<MappingFacts> {
  const wanted = wantedMappings(plan);
  const about = { endpoint: access.endpoint, wanted };
  try {
    const tokenFault = await findTokenFault(access, neededPrivileges(plan.fleet, plan.placement));
    const found = await foundMappings(access, [...new Set(wanted.map(({ host }) => host))]);
    return { ...about, found, ...(tokenFault === undefined ? {} : { tokenFault }) };
  } catch (error) {
    return { ...about, found: [], silent: said(error) };
  }
}

async function withMappings(access: ApiAccess, vm: FoundVm): Promise<FoundVm> {
  const config = await ask(access, `nodes/${vm.node}/qemu/${vm.vmid}/config`, vmConfig);
  const cards = Object.entries(config).filter(([key]) => /^hostpci\d+$/.test(key));
  const mappings = cards.flatMap(([, value]) => /(?:^|,)mapping=([^,]+)/.exec(String(value))?.[1] ?? []);
  return { ...vm, mappings };
}

/** Looks at the VMs, and at what those with GPUs are given. */
export async function lookAtVms(plan: ProxmoxPlan, access: ApiAccess): Promise<VmFacts> {
  const wanted: readonly WantedVm[] = plan.placement.vms.map(({ name, vmid, host, gpus }) => ({
    ...{ name, vmid, host, owner: ownerTag(plan.stack, name) },
    mappings: gpus.map(({ mapping }) => mapping),
  }));
  const about = { endpoint: access.endpoint, wanted };
  const withGpus = new Set(wanted.filter(({ mappings }) => mappings.length > 0).map(({ vmid }) => vmid));
  try {
    const all = await ask(access, "cluster/resources?type=vm", vmList);
    const found = await Promise.all(
      all.map((vm) => (withGpus.has(vm.vmid) ? withMappings(access, vm) : Promise.resolve(vm))),
    );
    return { ...about, found };
  } catch (error) {
    return { ...about, found: [], silent: said(error) };
  }
}
