import { createDecipheriv, pbkdf2, randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { createPrivate } from "../system/privateFile";

/**
 * Where a project keeps what must outlive a run, in one folder (mode 0700):
 *   backend/     Pulumi's own state, `file://` backend
 *   workspace/   working copy of Pulumi.yaml and Pulumi.<stack>.yaml (see workingCopy.ts)
 *   passphrase   encrypts the secrets in both, mode 0600; made on the first run
 *   authorities.pem   what plugins trust, where a stack names a CA (see stack.ts)
 */
export interface StateDir {
  readonly root: string;
  readonly backend: string;
  readonly backendUrl: string;
  readonly workspace: string;
}

export function openStateDir(root: string): StateDir {
  const backend = path.join(root, "backend");
  const workspace = path.join(root, "workspace");
  for (const dir of [root, backend, workspace]) mkdirSync(dir, { recursive: true, mode: 0o700 });
  chmodSync(root, 0o700);
  // Else Pulumi writes a second file beside each, not at once: killed meanwhile it can never read its own state again ("EOF").
  // @see gocloud.dev/blob/fileblob/attrs.go, setAttrs
  return { root, backend, backendUrl: `${pathToFileURL(backend).href}?metadata=skip`, workspace };
}

export interface Passphrase {
  /** Environment variables that give it to Pulumi. */
  readonly env: NodeJS.ProcessEnv;
  /** Where it came from, for messages. */
  readonly origin: string;
  read(): string;
}

/**
 * The user's PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE when one is set (an empty passphrase counts), else
 * `<root>/passphrase`: 32 random bytes in base64url, made here on the first run.
 */
export function findPassphrase(dir: StateDir, env: NodeJS.ProcessEnv): Passphrase {
  const given = env["PULUMI_CONFIG_PASSPHRASE"];
  if (given !== undefined) {
    return { env: {}, origin: "the environment variable PULUMI_CONFIG_PASSPHRASE", read: () => given };
  }
  const givenFile = env["PULUMI_CONFIG_PASSPHRASE_FILE"];
  const file = givenFile ? path.resolve(givenFile) : path.join(dir.root, "passphrase");
  if (!givenFile && !existsSync(file)) {
    createPrivate(file, randomBytes(32).toString("base64url"));
  }
  // Pulumi trims what it reads from the file.
  return { env: { PULUMI_CONFIG_PASSPHRASE_FILE: file }, origin: file, read: () => readFileSync(file, "utf8").trim() };
}

/** Iterations of PBKDF2. @see pulumi/sdk/go/common/resource/config/crypt.go, NewSymmetricCrypterFromPassphrase */
const PBKDF2_ITERATIONS = 1_000_000;

/**
 * Whether `passphrase` opens what was encrypted under `salt`, an `encryptionsalt` of Pulumi:
 * `v1:<salt>:v1:<nonce>:<AES-256-GCM of a known text>`, each part base64. Takes about 0.3 s. An unknown form counts as
 * opened, so that it is Pulumi who complains.
 */
export async function opens(salt: string, passphrase: string): Promise<boolean> {
  const [version, keySalt, , nonce, sealed] = salt.split(":");
  if (version !== "v1" || keySalt === undefined || nonce === undefined || sealed === undefined) return true;
  const key = await promisify(pbkdf2)(passphrase, Buffer.from(keySalt, "base64"), PBKDF2_ITERATIONS, 32, "sha256");
  const bytes = Buffer.from(sealed, "base64");
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
  decipher.setAuthTag(bytes.subarray(-16));
  decipher.update(bytes.subarray(0, -16));
  try {
    decipher.final();
    return true;
  } catch {
    return false;
  }
}
