import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { askProxmox, type ApiAccess } from "./proxmoxApi";
import { missingPrivileges, tokenFault, type Need } from "./tokenPrivileges";
import { valueOf, type OwnershipArgs } from "./vmOwnership";

const permissions = z.record(z.string(), z.record(z.string(), z.number()));
const release = z.object({ version: z.string() });

/**
 * Asks what the API token may do: one request, two where something is missing. Changes nothing.
 * @returns what is missing and the commands that grant it, in one line; undefined when nothing is
 * @throws Error when Proxmox does not say
 */
export async function findTokenFault(access: ApiAccess, needs: readonly Need[]): Promise<string | undefined> {
  const answer = await askProxmox(access, "access/permissions");
  if (answer.status !== 200) {
    throw new Error(`Proxmox refused to say what the API token may do: ${answer.status} ${answer.message}`);
  }
  const found = permissions.parse(answer.data);
  const missing = missingPrivileges(needs, found);
  if (missing.length === 0) return undefined;
  const [tokenId = ""] = access.apiToken.split("=");
  const some = Object.values(found).some((names) => Object.keys(names).length > 0);
  return tokenFault({ missing, count: needs.length, some, tokenId, version: await majorOf(access) });
}

/** First number of Proxmox's version; every token may ask for it. @throws Error when Proxmox does not say */
async function majorOf(access: ApiAccess): Promise<number> {
  const { version } = release.parse((await askProxmox(access, "version")).data);
  return Number.parseInt(version, 10);
}

/**
 * Runs before the provider is made or changed, which is before anything on a host or on Proxmox, and stops that when the
 * token may not do what the stack needs. Never runs in a preview, nor while nothing about the provider changes: what is
 * taken from a token later is named by Proxmox's own 403.
 */
export function tokenHook(name: string, args: OwnershipArgs, needs: readonly Need[]): pulumi.ResourceHook {
  const { endpoint, caCert, allowInsecureTls } = args;
  return new pulumi.ResourceHook(name, async () => {
    const apiToken = await valueOf(args.apiToken);
    const fault = await findTokenFault({ endpoint, caCert, allowInsecureTls, apiToken }, needs);
    if (fault !== undefined) throw new Error(`${fault}. Nothing was changed.`);
  });
}
