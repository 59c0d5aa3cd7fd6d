/** Values encrypted as Pulumi's passphrase provider does: a `pulumi config set` takes 0.35 s, and there are seven of them. */
import { createCipheriv, createDecipheriv, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";

/** Iterations of PBKDF2. @see pulumi/sdk/go/common/resource/config/crypt.go, NewSymmetricCrypterFromPassphrase */
const iterations = 1_000_000;

const keyOf = (salt: Buffer, passphrase: string): Promise<Buffer> =>
  promisify(pbkdf2)(passphrase, salt, iterations, 32, "sha256");

function seal(key: Buffer, text: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `v1:${nonce.toString("base64")}:${sealed.toString("base64")}`;
}

/** Encrypts and decrypts the values of a stack's settings under one passphrase and salt. */
export class Sealer {
  private constructor(
    private readonly key: Buffer,
    /** `encryptionsalt`: the salt, and a known text by which Pulumi tells a wrong passphrase. */
    readonly salt: string,
  ) {}

  /** Under a salt of its own. Takes about 0.3 s. */
  static async make(passphrase: string): Promise<Sealer> {
    const salt = randomBytes(8);
    const key = await keyOf(salt, passphrase);
    return new Sealer(key, `v1:${salt.toString("base64")}:${seal(key, "pulumi")}`);
  }

  /** Under a salt that is there: undefined when it was made with another passphrase. Takes about 0.3 s. */
  static async open(salt: string, passphrase: string): Promise<Sealer | undefined> {
    const [version, bytes = "", ...known] = salt.split(":");
    if (version !== "v1") return undefined;
    const sealer = new Sealer(await keyOf(Buffer.from(bytes, "base64"), passphrase), salt);
    return sealer.unseal(known.join(":")) === "pulumi" ? sealer : undefined;
  }

  /** What belongs under `secure:`. */
  seal(text: string): string {
    return seal(this.key, text);
  }

  /** The text under a `secure:`; undefined when this passphrase is not the one. */
  unseal(secure: string): string | undefined {
    const [version, nonce, sealed] = secure.split(":");
    if (version !== "v1" || nonce === undefined || sealed === undefined) return undefined;
    const bytes = Buffer.from(sealed, "base64");
    const decipher = createDecipheriv("aes-256-gcm", this.key, Buffer.from(nonce, "base64"));
    decipher.setAuthTag(bytes.subarray(-16));
    try {
      return `${decipher.update(bytes.subarray(0, -16), undefined, "utf8")}${decipher.final("utf8")}`;
    } catch {
      return undefined;
    }
  }
}
