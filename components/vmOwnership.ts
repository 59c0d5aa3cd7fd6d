import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { ownershipFault, ownerTagOf, type Found } from "../render/vmOwnership";
import { askProxmox, type ApiAccess } from "./proxmoxApi";

/** The API's access, with the token as the secret that it is. */
export interface OwnershipArgs extends Omit<ApiAccess, "apiToken"> {
  readonly apiToken: pulumi.Input<string>;
}

const listed = z.array(
  z.object({ vmid: z.number(), node: z.string(), name: z.string().default(""), tags: z.string().default("") }),
);

/** What a hook reads of a VM's inputs. */
const inputs = z.object({ vmId: z.number(), tags: z.array(z.string()) });

/**
 * Looks what stands under a VM id now.
 * @throws Error when Proxmox does not say
 */
export async function findVm(access: ApiAccess, vmid: number): Promise<Found> {
  const list = await askProxmox(access, "cluster/resources?type=vm");
  if (list.status !== 200) throw new Error(`Proxmox refused to list its VMs: ${list.status} ${list.message}`);
  const found = listed.parse(list.data).find((vm) => vm.vmid === vmid);
  if (found !== undefined) return found;
  // The list leaves out what the token may not see; whether an id is free, everybody may ask.
  const free = await askProxmox(access, `cluster/nextid?vmid=${vmid}`);
  return free.status === 200 ? "nothing" : "hidden";
}

/**
 * Runs before a VM is made, changed or deleted, and stops that when another VM stands under its id: the provider itself
 * would take a foreign VM for its own, start it and later delete it. Never runs in a preview. A VM with our own tag is
 * ours, also when the run that made it was killed before it could note it.
 *
 * Deleting needs the hook too: `pulumi destroy` has to be run with `--run-program`.
 * @see https://github.com/bpg/terraform-provider-proxmox v0.111.1, proxmox/nodes/vms/vms.go, CreateVM
 */
export function ownershipHook(name: string, args: OwnershipArgs): pulumi.ResourceHook {
  const { endpoint, caCert, allowInsecureTls } = args;
  return new pulumi.ResourceHook(name, async ({ name: resource, newInputs, oldInputs }) => {
    // What stands there now was made from the old inputs, if there are any.
    const { vmId, tags } = inputs.parse(oldInputs ?? newInputs);
    const owner = ownerTagOf(tags);
    if (owner === undefined) throw new Error(`${resource} has no owner tag`);
    const apiToken = await valueOf(args.apiToken);
    const found = await findVm({ endpoint, caCert, allowInsecureTls, apiToken }, vmId);
    const fault = ownershipFault(vmId, owner, found);
    if (fault !== undefined) throw new Error(fault);
  });
}

/** An input's value. For hooks, which run once everything is known. */
export const valueOf = (text: pulumi.Input<string>): Promise<string> =>
  new Promise((resolve) => void pulumi.output(text).apply((value) => resolve(value)));
