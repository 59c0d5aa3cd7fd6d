/** What stands for secrets and keys that are not there, in a preview and nowhere else. Says by itself what it is. */
import { createHash, createPrivateKey } from "node:crypto";

/** Where a preview would have a real name. */
const domain = "preview-placeholder.internal";

/** The head of an Ed25519 private key in PKCS8; 32 bytes follow. @see https://www.rfc-editor.org/rfc/rfc8410 section 7 */
const pkcs8Head = Buffer.from("302e020100300506032b657004220420", "hex");

/** A key that everybody can make: the same in each preview, so that two previews can be compared. */
function privateKey(): string {
  const seed = createHash("sha256").update("tokenrack preview placeholder, opens nothing").digest();
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: "der", type: "pkcs8" });
  return key.export({ format: "pem", type: "pkcs8" }).toString();
}

const users = (firstUser: string): string => {
  const passwordHash = `$scrypt$ln=15,r=8,p=1$${"A".repeat(22)}$${"A".repeat(43)}`;
  return JSON.stringify([{ name: firstUser, passwordHash, scopes: ["admin"], models: ["*"] }]);
};

/** What a stack says that a placeholder has to agree with. */
export interface About {
  /** `gateway.firstUser`. */
  readonly firstUser: string;
  /** Names of `cluster.ceph.connections`. */
  readonly cephConnections: readonly string[];
  /** Names of `cluster.users`. */
  readonly clusterUsers: readonly string[];
}

const byName = (names: readonly string[], text: string): string =>
  JSON.stringify(Object.fromEntries(names.map((name) => [name, text])));

/** A placeholder for a secret; undefined for what is no secret of ours. */
export function secretPlaceholder(
  key: string,
  { firstUser, cephConnections, clusterUsers }: About,
): string | undefined {
  switch (key) {
    case "rayToken":
      return "preview-placeholder-not-a-real-token";
    case "firstUserPassword":
      // No part of another value: the engine would hide it there as well.
      return "preview-placeholder-secret";
    case "signingKey":
    case "hostSshKey":
    case "nodeSshKey":
      return privateKey();
    case "users":
      return users(firstUser);
    case "proxmoxApiToken":
      return "preview-placeholder@pve!none=00000000-0000-0000-0000-000000000000";
    case "deckhouseLicenseKey":
      return "preview-placeholder-no-licence";
    case "clusterPasswordHashes":
      return byName(clusterUsers, `$2y$10$${"A".repeat(53)}`);
    case "cephKeys":
      return byName(cephConnections, "A".repeat(40));
    case "hfToken":
      return `hf_${"A".repeat(34)}`;
    case "kubeconfig":
      return "# preview placeholder\nclusters: []\nusers: []\ncontexts: []\n";
    default:
      return undefined;
  }
}

/** A placeholder for another key that a bring-up needs, by the path of the fault that asks for it. */
export function keyPlaceholder(path: string): unknown {
  if (/^hosts\[\d+\]\.ssh\.hostKey$/.test(path) || path === "cluster.bootstrap.host.ssh.hostKey") {
    return `ssh-ed25519 ${"A".repeat(68)}`;
  }
  switch (path) {
    case "platform.endpoint":
      return `https://proxmox.${domain}:8006`;
    case "platform.image":
      return { url: `https://images.${domain}/image.qcow2`, checksum: "0".repeat(64) };
    case "cluster.publicDomainTemplate":
      return `%s.${domain}`;
    case "ingress.host":
      return `llm.${domain}`;
    case "ingress.tlsIssuer":
      return "preview-placeholder";
    default:
      return undefined;
  }
}
