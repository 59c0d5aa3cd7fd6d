/** Checks the shape of the secrets that only clusters have. Nothing here puts a secret value, or any part of one, into a fault. */
import { createPrivateKey } from "node:crypto";
import { parse } from "yaml";
import type { Fault } from "./errors";
import { publicKeyOf } from "./publicKey";
import type { SomeSecrets } from "./schema";

type Say = (path: keyof SomeSecrets, value: string, needed: string) => Fault;

const tokenText = "user@realm!id=uuid";

/** The token's user is a part of its name and no secret; the rest is. */
function tokenFaults(token: string, say: Say): Fault[] {
  const shape = /^[^\s@!=]+@[^\s@!=]+![A-Za-z][\w.-]*=[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
  return shape.test(token) ? [] : [say("proxmoxApiToken", token, tokenText)];
}

/** Whether a Proxmox token belongs to root@pam. */
export const isRootToken = (token: string): boolean => token.startsWith("root@pam!");

const pem = /^-----BEGIN ([A-Z ]*)PRIVATE KEY-----\s+([\s\S]+?)-----END \1PRIVATE KEY-----\s*$/;

/**
 * Whether a private key is locked by a passphrase; undefined when the text is no private key.
 * @see https://github.com/openssh/openssh-portable PROTOCOL.key: magic, then the name of the cipher
 */
function isLocked(key: string): boolean | undefined {
  const [, kind = "", body = ""] = pem.exec(key.trim()) ?? [];
  if (body === "") return undefined;
  if (kind !== "OPENSSH ") return kind === "ENCRYPTED " || /Proc-Type:[^\n]*ENCRYPTED/.test(body);
  const data = Buffer.from(body, "base64");
  const magic = "openssh-key-v1\0";
  if (!data.subarray(0, magic.length).equals(Buffer.from(magic))) return undefined;
  const length = data.length < magic.length + 4 ? 0 : data.readUInt32BE(magic.length);
  return data.subarray(magic.length + 4, magic.length + 4 + length).toString() !== "none";
}

const keyText = "a private key (starts with -----BEGIN OPENSSH PRIVATE KEY----- or another PEM line)";

function hostKeyFaults(key: string, passphrase: string | undefined, say: Say): Fault[] {
  const locked = isLocked(key);
  if (locked === undefined) return [say("hostSshKey", key, keyText)];
  if (!locked || passphrase !== undefined) return [];
  const fix =
    "run `pulumi config set --secret tokenrack:hostSshKeyPassphrase`, or make a key without one for this stack alone";
  const found = "a private key that is locked by a passphrase, and no hostSshKeyPassphrase";
  return [{ ...say("hostSshKey", key, "a key that opens"), found, fix }];
}

function nodeKeyFaults(key: string, say: Say): Fault[] {
  const locked = isLocked(key);
  if (locked === undefined) return [say("nodeSshKey", key, keyText)];
  if (!locked && publicKeyOf(key) === undefined)
    return [say("nodeSshKey", key, "an OpenSSH private key, or an Ed25519, ECDSA or RSA one in PEM")];
  const found = "a private key that is locked by a passphrase, which the installer cannot enter";
  return locked ? [{ ...say("nodeSshKey", key, "a private key without a passphrase"), found }] : [];
}

/** Texts that documents have where a secret belongs: `license_key`, `<CERT>`, `SSH_KEY`, `changeme`. */
const isPlaceholder = (text: string): boolean =>
  /^(?:<[^>]*>|license[_-]?key|ssh_key|user_key|your[_-].*|change[_-]?me|xxx+|todo|\.\.\.)$/i.test(text.trim());

function licenceFaults(key: string, say: Say): Fault[] {
  const needed = "the licence key itself";
  if (isPlaceholder(key)) {
    return [{ ...say("deckhouseLicenseKey", key, needed), found: "a placeholder out of a document (not shown)" }];
  }
  return /^[\x21-\x7e]{8,4096}$/.test(key) ? [] : [say("deckhouseLicenseKey", key, needed)];
}

/** Hashes that anybody can read: of the article's and Deckhouse's own sample password. @see deckhouse documentation, getting started */
const publishedHashes: readonly string[] = ["$2y$10$Jb5NmiNzNqDIt/vleKdrzux8EQrpvR/tPHKW6Pd/94ZAN14UgidjO"];

const bcrypt = /^\$2[aby]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/;

const plainHash = (hash: string): string =>
  /^[A-Za-z0-9+/=\s]+$/.test(hash) ? Buffer.from(hash, "base64").toString().trim() : hash.trim();

function hashFaults(text: string, say: Say): Fault[] {
  const path = "clusterPasswordHashes";
  const hashes = Object.values(textsByName(text) ?? {}).map(plainHash);
  if (hashes.some((hash) => publishedHashes.includes(hash))) {
    const found = "the hash of a published sample, whose password everybody knows";
    return [{ ...say(path, text, "bcrypt hashes of your own passwords"), found }];
  }
  if (hashes.length > 0 && hashes.every((hash) => bcrypt.test(hash))) return [];
  return [say(path, text, 'JSON like {"<user>": "<hash>"}, each hash bcrypt ($2y$10$..), as it is or in base64')];
}

function caKeyFaults(key: string, say: Say): Fault[] {
  try {
    createPrivateKey(key);
    return [];
  } catch {
    // OpenSSL's reason could quote the key.
    return [say("internalCaKey", key, "the CA's private key in PEM, without a passphrase")];
  }
}

function kubeconfigFaults(text: string, say: Say): Fault[] {
  const needed = "a kubeconfig: YAML with clusters, users and contexts";
  try {
    const parsed: unknown = parse(text);
    const keys = typeof parsed === "object" && parsed !== null ? Object.keys(parsed) : [];
    if (["clusters", "users", "contexts"].every((key) => keys.includes(key))) return [];
  } catch {
    // The parser's message quotes the text, which holds keys.
  }
  return [say("kubeconfig", text, needed)];
}

function hubTokenFaults(token: string, say: Say): Fault[] {
  return /^hf_[A-Za-z0-9]{20,}$/.test(token) ? [] : [say("hfToken", token, "a token of Hugging Face (hf_...)")];
}

/** A secret of many as its texts by name, from JSON; undefined where it is none such. */
export function textsByName(text: string): Readonly<Record<string, string>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return undefined;
    const keys = Object.entries(parsed).filter((entry): entry is [string, string] => typeof entry[1] === "string");
    return keys.length === Object.keys(parsed).length ? Object.fromEntries(keys) : undefined;
  } catch {
    return undefined; // The parser's message quotes the text.
  }
}

/** Logins of registries: who holds them in a helper of the desktop has none in the file. */
function registryFaults(text: string, say: Say): Fault[] {
  const needed =
    'JSON like {"auths": {"registry.my.org": {"auth": "<user:password in base64>"}}}, as `docker login` writes it';
  return isLogins(text) ? [] : [say("registryLogins", text, needed)];
}

function isLogins(text: string): boolean {
  try {
    const { auths } = JSON.parse(text) as { readonly auths?: unknown };
    if (typeof auths !== "object" || auths === null) return false;
    const logins = Object.values(auths);
    return logins.length > 0 && logins.every(isLogin);
  } catch {
    return false; // The parser's message quotes the text.
  }
}

function isLogin(login: unknown): boolean {
  if (typeof login !== "object" || login === null) return false;
  const has = (key: string): boolean => {
    const value: unknown = Reflect.get(login, key);
    return typeof value === "string" && value !== "";
  };
  return has("auth") || (has("username") && has("password"));
}

function cephKeyFaults(text: string, say: Say): Fault[] {
  const keys = textsByName(text);
  const needed = 'JSON like {"<connection>": "<key>"}, each key in base64 as `ceph auth get-key` shows it';
  const good = keys !== undefined && Object.values(keys).every((key) => /^[A-Za-z0-9+/]{20,}={0,2}$/.test(key));
  return good ? [] : [say("cephKeys", text, needed)];
}

/** Faults in the secrets that are there. */
export function clusterSecretFaults(secrets: SomeSecrets, say: Say): Fault[] {
  const { proxmoxApiToken, hostSshKey, hostSshKeyPassphrase, nodeSshKey } = secrets;
  const { deckhouseLicenseKey, clusterPasswordHashes, internalCaKey, cephKeys, kubeconfig, hfToken, registryLogins } =
    secrets;
  return [
    ...(proxmoxApiToken === undefined ? [] : tokenFaults(proxmoxApiToken, say)),
    ...(hostSshKey === undefined ? [] : hostKeyFaults(hostSshKey, hostSshKeyPassphrase, say)),
    ...(nodeSshKey === undefined ? [] : nodeKeyFaults(nodeSshKey, say)),
    ...(deckhouseLicenseKey === undefined ? [] : licenceFaults(deckhouseLicenseKey, say)),
    ...(clusterPasswordHashes === undefined ? [] : hashFaults(clusterPasswordHashes, say)),
    ...(internalCaKey === undefined ? [] : caKeyFaults(internalCaKey, say)),
    ...(cephKeys === undefined ? [] : cephKeyFaults(cephKeys, say)),
    ...(kubeconfig === undefined ? [] : kubeconfigFaults(kubeconfig, say)),
    ...(registryLogins === undefined ? [] : registryFaults(registryLogins, say)),
    ...(hfToken === undefined ? [] : hubTokenFaults(hfToken, say)),
  ];
}
