/** The public half of an SSH private key. */
import { createPublicKey } from "node:crypto";
import { utils } from "ssh2";

/** `ssh-ed25519 AAAA...` of what SSH2 reads: OpenSSH's own form, and PEM of RSA and ECDSA keys. */
function bySsh(privateKey: string): string | undefined {
  const parsed = utils.parseKey(privateKey);
  if (parsed instanceof Error) return undefined;
  const [key] = [parsed].flat();
  return key === undefined ? undefined : `${key.type} ${key.getPublicSSH().toString("base64")}`;
}

/** A field of SSH's wire format: its length and itself. @see https://www.rfc-editor.org/rfc/rfc4251 section 5 */
function field(data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, data]);
}

/** Of an Ed25519 key in PKCS8, which `openssl genpkey` writes. @see https://www.rfc-editor.org/rfc/rfc8709 section 4 */
function byPkcs8(privateKey: string): string | undefined {
  try {
    const key = createPublicKey(privateKey);
    if (key.asymmetricKeyType !== "ed25519") return undefined;
    const point = Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url");
    return `ssh-ed25519 ${Buffer.concat([field(Buffer.from("ssh-ed25519")), field(point)]).toString("base64")}`;
  } catch {
    return undefined; // The message may quote the key.
  }
}

/** The line for `authorized_keys` of a private key without a passphrase; undefined where it cannot be told. */
export const publicKeyOf = (privateKey: string): string | undefined =>
  bySsh(`${privateKey.trim()}\n`) ?? byPkcs8(privateKey);
