/** What a plan can do without and a bring-up cannot: real names, host keys, a licence. Looked at only with the secrets. */
import { fixFor } from "../advice";
import { isRootToken } from "../clusterSecrets";
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
    ...hostKeyFaults(parts.hosts),
    ...clusterFaults(parts, secrets.deckhouseLicenseKey),
    ...ingress,
    ...tokenFaults(parts, secrets.proxmoxApiToken),
  ];
}
