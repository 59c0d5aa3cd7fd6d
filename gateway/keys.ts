import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
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

/** Reads every signing key; reports all that are unfit. Default `kid` is the RFC 7638 thumbprint. */
export async function loadSigningKeys(config: GatewayConfig): Promise<{ keys: SigningKey[]; faults: Fault[] }> {
  const keys: SigningKey[] = [];
  const faults: Fault[] = [];
  for (const [index, entry] of config.signingKeys.entries()) {
    const path = `signingKeys[${index}].file`;
    const loaded = await loadKey(entry, path);
    if ("fault" in loaded) faults.push(loaded.fault);
    else if (keys.some((key) => key.kid === loaded.key.kid)) {
      const fix = "give each key once; two keys need two kids";
      faults.push({ path, found: "a kid that an earlier key has", needed: "a kid of its own", fix });
    } else keys.push(loaded.key);
  }
  return { keys, faults };
}
