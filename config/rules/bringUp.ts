/** What a plan can do without and a bring-up cannot: real names, host keys, a licence. Looked at only with the secrets. */
import { fixFor } from "../advice";
import { cephKeysOf, isRootToken } from "../clusterSecrets";
import type { Fault } from "../errors";
import { isReservedDomain } from "../forms";
import type { PlatformKind, SomeSecrets } from "../schema";
import type { ClusterParts, Entry, Host, Ingress } from "./parts";

/** A domain that must be there and be the user's own. */
function domainFaults(path: string, domain: string | undefined, example: string): Fault[] {
  const needed = `a domain of yours, like ${example}`;
  if (domain === undefined) return [{ path, found: "nothing", needed, fix: `add \`${path}\`` }];
  if (!isReservedDomain(domain)) return [];
  return [{ path, found: `${domain}, a name kept for examples`, needed, fix: "write your own" }];
}

function ingressFaults(ingress: Ingress): Fault[] {
  const host = domainFaults("ingress.host", ingress.host, "llm.my.org");
  if (ingress.tlsIssuer !== undefined) return host;
  const needed = "the name of a ClusterIssuer: the API is not served without TLS";
  return [...host, { path: "ingress.tlsIssuer", found: "nothing", needed, fix: "add `ingress.tlsIssuer`" }];
}

function hostKeyFaults(hosts: readonly Entry<Host>[]): Fault[] {
  return hosts.flatMap(({ index, value: { ssh } }) => {
    const path = `hosts[${index}].ssh.hostKey`;
    if (ssh.hostKey !== undefined) return [];
    const needed = "the host's public key: without it anybody could answer in its place";
    return [{ path, found: "nothing", needed, fix: fixFor(path, undefined, "proxmox") }];
  });
}

function endpointFaults({ platform }: ClusterParts): Fault[] {
  if (platform === undefined) return [];
  const { hostname } = new URL(platform.endpoint);
  return domainFaults("platform.endpoint", hostname, "pve1.my.org");
}

function imageFaults({ platform }: ClusterParts): Fault[] {
  if (platform === undefined || platform.image !== undefined) return [];
  const fix = fixFor("platform.image", undefined, "proxmox");
  return [{ path: "platform.image", found: "nothing", needed: "the image that the VMs start from", fix }];
}

function bootstrapFaults({ cluster }: ClusterParts): Fault[] {
  const host = cluster?.bootstrap.host;
  if (host === undefined || host.ssh.hostKey !== undefined) return [];
  const path = "cluster.bootstrap.host.ssh.hostKey";
  const needed = "the host's public key: without it anybody could answer in its place";
  return [{ path, found: "nothing", needed, fix: fixFor(path, undefined, "proxmox") }];
}

/** The administrator has a password, and the password an administrator. */
function adminFaults({ cluster }: ClusterParts, hash: string | undefined): Fault[] {
  if (cluster === undefined || (cluster.admin === undefined) === (hash === undefined)) return [];
  if (hash !== undefined) {
    const found = "nothing, and the secret adminPasswordHash, which nobody would use";
    const fix = "add `cluster.admin.email`, or remove the secret";
    return [{ path: "cluster.admin", found, needed: "whose password it is", fix }];
  }
  const fix = fixFor("adminPasswordHash", undefined, "proxmox");
  return [{ path: "adminPasswordHash", found: "nothing", needed: "a bcrypt hash for cluster.admin", fix }];
}

function cephFaults({ cluster }: ClusterParts, keys: string | undefined): Fault[] {
  const names = cluster?.ceph.connections.map(({ name }) => name) ?? [];
  const missing = names.filter((name) => cephKeysOf(keys ?? "{}")?.[name] === undefined);
  if (missing.length === 0) return [];
  const needed = `the key of ${missing.join(", ")} of cluster.ceph.connections`;
  const found = keys === undefined ? "nothing" : "no key of that name (not shown)";
  return [{ path: "cephKeys", found, needed, fix: fixFor("cephKeys", undefined, "proxmox") }];
}

function tokenFaults({ platform }: ClusterParts, token: string | undefined): Fault[] {
  if (token === undefined || platform === undefined || platform.allowRootToken || !isRootToken(token)) return [];
  return [
    {
      path: "proxmoxApiToken",
      found: "a token of root@pam, which may do anything (not shown)",
      needed: "a token of a user made for this, with the privileges that it needs",
      fix: "make one (`pveum user add`, `pveum user token add`), or write `platform.allowRootToken: true`",
    },
  ];
}

function clusterFaults({ cluster }: ClusterParts, key: string | undefined): Fault[] {
  if (cluster === undefined) return [];
  const domain = cluster.publicDomainTemplate?.replace(/%s\.?/, "");
  const faults = domainFaults("cluster.publicDomainTemplate", domain, "%s.k8s.my.org");
  if (cluster.edition === "CE" || key !== undefined) return faults;
  const needed = `a licence key, which edition ${cluster.edition} needs`;
  const fix = fixFor("deckhouseLicenseKey", undefined, "proxmox");
  return [...faults, { path: "deckhouseLicenseKey", found: "nothing", needed, fix }];
}

/** Everything that stops a bring-up and no plan. */
export function bringUpFaults(kind: PlatformKind, parts: ClusterParts, secrets: SomeSecrets): Fault[] {
  const ingress = parts.ingress === undefined ? [] : ingressFaults(parts.ingress);
  if (kind !== "proxmox") return ingress;
  return [
    ...endpointFaults(parts),
    ...imageFaults(parts),
    ...hostKeyFaults(parts.hosts),
    ...clusterFaults(parts, secrets.deckhouseLicenseKey),
    ...bootstrapFaults(parts),
    ...adminFaults(parts, secrets.adminPasswordHash),
    ...cephFaults(parts, secrets.cephKeys),
    ...ingress,
    ...tokenFaults(parts, secrets.proxmoxApiToken),
  ];
}
