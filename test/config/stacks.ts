/** Stacks to start a case from. */
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { utils } from "ssh2";
import { formatFault, ProfileError } from "../../config/errors";

/** Shape of a scrypt hash as `npm run hash-password` prints it; of no password. */
export const hash = "$scrypt$ln=15,r=8,p=1$MTIzNDU2Nzg5MDEyMzQ1Ng$MTIzNDU2Nzg5MDEyMzQ1NjEyMzQ1Njc4OTAxMjM0NTY";

/** An Ed25519 key, made for the run. */
export const signingKey = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();

export const minimal = { platform: { kind: "local" }, models: [{ source: "builtin:tiny-llama" }] };

export const secrets = {
  rayToken: "r".repeat(32),
  signingKey,
  users: JSON.stringify([{ name: "admin", passwordHash: hash, scopes: ["chat:write"], models: ["*"] }]),
  firstUserPassword: "p".repeat(24),
};

/** The message of what `run` throws; fails when it throws nothing. */
export function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
  throw new Error("nothing was thrown");
}

/** A key pair made for the run; its comment shows where a message quotes it. */
const pair = utils.generateKeyPairSync("ed25519", { comment: "CANARY" });
const locked = utils.generateKeyPairSync("ed25519", { passphrase: "CANARY", cipher: "aes256-ctr", rounds: 1 });
/** Keys in OpenSSH's form. */
export const sshKeys = { open: pair.private, locked: locked.private };
/** The public half of the open one. */
export const sshPublicKey = pair.public.split(" ").slice(0, 2).join(" ");

/** Secrets that a stack on Proxmox has besides. */
export const proxmoxSecrets = {
  ...secrets,
  proxmoxApiToken: "tokenrack@pve!up=12345678-1234-1234-1234-123456789abc",
  hostSshKey: sshKeys.open,
  nodeSshKey: sshKeys.open,
};

const hostKey = `ssh-ed25519 ${"A".repeat(68)}`;

/** Two hosts with a GPU each, one master, two GPU nodes: as small as a stack on Proxmox is. */
export const proxmox = {
  platform: {
    kind: "proxmox",
    endpoint: "https://pve1.lan:8006",
    image: { url: "https://images.lan/debian-13-20261101.qcow2", checksum: "ab".repeat(32) },
  },
  hosts: [1, 2].map((n) => ({
    name: `pve${n}`,
    address: `192.168.2.1${n}`,
    ssh: { hostKey },
    cores: 32,
    memoryGib: 128,
    gpus: [{ pci: "0000:01:00.0", card: "rtx-3090", name: `gpu${n - 1}` }],
  })),
  pools: [
    { name: "master", role: "master", count: 1, cores: 4, memoryGib: 8, diskGib: 60, addresses: ["192.168.2.51"] },
    {
      name: "w-gpu",
      role: "gpu",
      count: 2,
      cores: 8,
      memoryGib: 32,
      diskGib: 100,
      addresses: ["192.168.2.61-192.168.2.62"],
      card: "rtx-3090",
    },
  ],
  network: { gbitPerSecond: 10, subnet: "192.168.2.0/23", gateway: "192.168.2.1" },
  cluster: { publicDomainTemplate: "%s.k8s.lan" },
  ingress: { host: "llm.lan", tlsIssuer: "inter-ca" },
  models: [{ source: "Qwen/Qwen3-8B-AWQ", revision: "v1" }],
};

/** Two nodes with a GPU each. */
export const existing = {
  platform: { kind: "existing" },
  pools: [{ name: "gpu", count: 2, card: "a100-80g-pcie" }],
  network: { gbitPerSecond: 10 },
  ingress: { host: "llm.lan", tlsIssuer: "letsencrypt" },
  models: [{ source: "Qwen/Qwen3-8B", revision: "v1" }],
};

/** A copy of a stack with one value set (undefined: removed), by a path like `hosts[0].ssh.port`. */
export function changed(stack: object, path: string, value: unknown): Record<string, unknown> {
  const copy = structuredClone(stack) as Record<string, unknown>;
  const keys = path.split(/[.[\]]+/).filter((key) => key !== "");
  const last = keys.pop() ?? "";
  let group: object = copy;
  for (const key of keys) {
    if (Reflect.get(group, key) === undefined) Reflect.set(group, key, {});
    group = Reflect.get(group, key) as object;
  }
  if (value === undefined) Reflect.deleteProperty(group, last);
  else Reflect.set(group, last, value);
  return copy;
}

/** A row of a table of refused stacks: number in the list of bad configurations and what it is, the stack, every fault. */
export type Refused = readonly [title: string, raw: unknown, faults: readonly string[]];

/** One test for each row: exactly these faults, and no secret in them. */
export function refuses(read: (raw: unknown) => unknown, table: readonly Refused[]): void {
  for (const [title, raw, faults] of table) {
    it(title, () => {
      let thrown: unknown;
      try {
        read(raw);
      } catch (error) {
        thrown = error;
      }
      assert.ok(thrown instanceof ProfileError, `no ProfileError: ${String(thrown)}`);
      assert.deepEqual(thrown.faults.map(formatFault), faults);
      assert.ok(!thrown.message.includes("CANARY"), "no secret is shown");
    });
  }
}
