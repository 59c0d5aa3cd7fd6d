import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { calculateJwkThumbprint } from "jose";
import type { GatewayConfig } from "./config";
import { errorCode } from "./errors";
import { exposureOf } from "./files";
import type { Fault } from "./faults";
import { weaknessOf } from "./knownKeys";

/** One Ed25519 key pair. The first of a list signs; all verify. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const NEEDED = "a PKCS#8 PEM file with an Ed25519 private key made at random, readable by its owner (or group) only";
const MAKE = (file: string): string => `umask 077 && openssl genpkey -algorithm ed25519 -out ${file}`;

type Loaded = { readonly key: SigningKey } | { readonly fault: Fault };

async function loadKey(entry: { kid?: string | undefined; file: string }, path: string): Promise<Loaded> {
  const refuse = (found: string, fix: string = MAKE(entry.file)): Loaded => ({
    fault: { path, found, needed: NEEDED, fix },
  });
  let pem: string;
  try {
    const exposure = exposureOf(entry.file);
    if (exposure) return refuse(`${entry.file} with ${exposure}`, `chmod 600 ${entry.file}`);
    pem = readFileSync(entry.file, "utf8");
  } catch (error) {
    return refuse(`${entry.file}, which cannot be read (${errorCode(error)})`);
  }
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch {
    return refuse(`${entry.file}, which holds no private key in PEM without a passphrase`);
  }
  if (privateKey.asymmetricKeyType !== "ed25519")
    return refuse(`${entry.file}, a key of type ${privateKey.asymmetricKeyType ?? "unknown"}`);
  const { d, x, crv, kty } = privateKey.export({ format: "jwk" });
  if (d === undefined || x === undefined || crv === undefined || kty === undefined)
    return refuse(`${entry.file}, an incomplete key`);
  const weakness = weaknessOf(Buffer.from(d, "base64url"), Buffer.from(x, "base64url"));
  if (weakness) return refuse(`${entry.file}, ${weakness}`);
  const kid = entry.kid ?? (await calculateJwkThumbprint({ kty, crv, x }));
  return { key: { kid, privateKey, publicKey: createPublicKey(privateKey) } };
}

/** The key of a directory that signs. */
const SIGNING = "signing.pem";
const MOST_KEYS = 4;

interface KeyFile {
  readonly kid?: string | undefined;
  readonly file: string;
  /** Where the configuration names it. */
  readonly path: string;
}

function listKeyFiles({ signingKeys, signingKeysDir }: KeyConfig): { files: KeyFile[]; faults: Fault[] } {
  if (signingKeysDir === undefined)
    return { files: signingKeys.map((key, i) => ({ ...key, path: `signingKeys[${i}].file` })), faults: [] };
  const path = "signingKeysDir";
  const refuse = (found: string): { files: KeyFile[]; faults: Fault[] } => {
    const needed = `a directory with ${SIGNING} and at most ${MOST_KEYS - 1} other *.pem`;
    return { files: [], faults: [{ path, found, needed, fix: MAKE(join(signingKeysDir, SIGNING)) }] };
  };
  let names: string[];
  try {
    names = readdirSync(signingKeysDir).filter((name) => name.endsWith(".pem"));
  } catch (error) {
    return refuse(`${signingKeysDir}, which cannot be read (${errorCode(error)})`);
  }
  if (!names.includes(SIGNING)) return refuse(`${signingKeysDir} without ${SIGNING}`);
  if (names.length > MOST_KEYS) return refuse(`${signingKeysDir} with ${names.length} keys`);
  const ordered = [SIGNING, ...names.filter((name) => name !== SIGNING).sort()];
  return { files: ordered.map((name) => ({ file: join(signingKeysDir, name), path })), faults: [] };
}

type KeyConfig = Pick<GatewayConfig, "signingKeys" | "signingKeysDir">;

/** Files and directories whose change means that keys have to be read again. */
export function keyPaths(config: KeyConfig): string[] {
  const { files } = listKeyFiles(config);
  return [
    ...(config.signingKeysDir === undefined ? [] : [config.signingKeysDir]),
    ...(config.signingKeysDir === undefined ? config.signingKeys : files).map(({ file }) => file),
  ];
}

/** Reads every signing key; reports all that are unfit. Default `kid` is the RFC 7638 thumbprint. */
export async function loadSigningKeys(config: KeyConfig): Promise<{ keys: SigningKey[]; faults: Fault[] }> {
  const keys: SigningKey[] = [];
  const { files, faults } = listKeyFiles(config);
  for (const { path, ...entry } of files) {
    const loaded = await loadKey(entry, path);
    if ("fault" in loaded) faults.push(loaded.fault);
    else if (!keys.some((key) => key.kid === loaded.key.kid)) keys.push(loaded.key);
    // A directory in the middle of a rotation may hold a key under two names; a list that does is a mistake.
    else if (config.signingKeysDir === undefined) {
      const fix = "give each key once; two keys need two kids";
      faults.push({ path, found: "a kid that an earlier key has", needed: "a kid of its own", fix });
    }
  }
  return { keys, faults };
}
