/** What a plan can do without and a bring-up cannot: real names, host keys, a licence. Looked at only with the secrets. */
import { fixFor } from "../advice";
import { isKeyOf } from "../certificates";
import { isRootToken, textsByName } from "../clusterSecrets";
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
  // A Gateway has its listener's own certificate.
  if (ingress.tlsIssuer !== undefined || ingress.kind === "gatewayApi") return host;
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

/** Every user has a password, and every password a user. */
function userFaults({ cluster }: ClusterParts, text: string | undefined): Fault[] {
  if (cluster === undefined) return [];
  const names = cluster.users.map(({ name }) => name);
  const hashes = textsByName(text ?? "{}") ?? {};
  const missing = names.filter((name) => hashes[name] === undefined);
  const spare = Object.keys(hashes).some((name) => !names.includes(name));
  const path = "clusterPasswordHashes";
  const fix = fixFor(path, undefined, "proxmox");
  const needed = `a bcrypt hash for ${missing.join(", ")} of cluster.users`;
  const found = text === undefined ? "nothing" : "no hash of that name (not shown)";
  return [
    ...(missing.length === 0 ? [] : [{ path, found, needed, fix }]),
    ...(spare
      ? [
          {
            path: "cluster.users",
            found: "no user for a name in the secret clusterPasswordHashes (not shown)",
            needed: "whose password it is",
            fix: "add the user, or remove the name from the secret",
          },
        ]
      : []),
  ];
}

/** The CA's certificate and key come together, and belong together. */
function caFaults({ cluster }: ClusterParts, key: string | undefined): Fault[] {
  if (cluster === undefined) return [];
  const certificate = cluster.internalCa?.certificate;
  const path = "internalCaKey";
  if (certificate !== undefined && key === undefined) {
    const needed = "the private key of cluster.internalCa.certificate";
    return [{ path, found: "nothing", needed, fix: fixFor(path, undefined, "proxmox") }];
  }
  if (key === undefined) return [];
  if (certificate === undefined) {
    const found = "nothing, and the secret internalCaKey, which nobody would use";
    const fix = "add the certificate; or remove the secret, and cert-manager makes a CA of its own";
    return [{ path: "cluster.internalCa.certificate", found, needed: "the CA whose key it is", fix }];
  }
  // A key that cannot be read is a fault of its own.
  if (isKeyOf(certificate, key) !== false) return [];
  const found = "the key of another certificate (not shown)";
  return [
    { path, found, needed: "the private key of cluster.internalCa.certificate", fix: "set the key that belongs to it" },
  ];
}

function cephFaults({ cluster }: ClusterParts, keys: string | undefined): Fault[] {
  const names = cluster?.ceph.connections.map(({ name }) => name) ?? [];
  const missing = names.filter((name) => textsByName(keys ?? "{}")?.[name] === undefined);
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
    ...userFaults(parts, secrets.clusterPasswordHashes),
    ...caFaults(parts, secrets.internalCaKey),
    ...cephFaults(parts, secrets.cephKeys),
    ...ingress,
    ...tokenFaults(parts, secrets.proxmoxApiToken),
  ];
}
