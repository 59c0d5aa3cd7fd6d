/** The stack file of the run: the committed one with what is marked FILLED in it, and the secrets, made for the run. */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument, type Document } from "yaml";
import { hashPassword } from "../../gateway/password";

export const stackName = "homelab-e2e";
const file = join(__dirname, `Pulumi.${stackName}.yaml`);
/** Holds Pulumi.yaml. */
const checkout = join(__dirname, "..", "..");

/** How SSH finds a made host. */
export interface HostAccess {
  readonly port: number;
  readonly hostKey: string;
}

/** What is only known in the run. */
export interface Filling {
  /** Of the simulated Proxmox. */
  readonly endpoint: string;
  readonly caCert: string;
  readonly image: { readonly url: string; readonly checksum: string };
  readonly ssh: Readonly<Record<string, HostAccess>>;
  /** The installer's state: a directory of the run. */
  readonly stateDirectory: string;
  /** Path of the model's config.json. */
  readonly modelConfig: string;
  /** http://address:port of the model hub. */
  readonly hub: string;
  /** Paths of the charts that stand in. */
  readonly charts: { readonly gpuOperator: string; readonly kubeRay: string };
}

/** The committed file, with its comments. */
export const committedStack = (): Document => parseDocument(readFileSync(file, "utf8"));

/** Fills the stack in. */
export function fillStack(document: Document, filling: Filling): void {
  const set = (path: readonly (string | number)[], value: unknown): void => {
    const [key = "", ...rest] = path;
    document.setIn(["config", `tokenrack:${key}`, ...rest], value);
  };
  set(["platform", "endpoint"], filling.endpoint);
  set(["platform", "caCert"], filling.caCert);
  set(["platform", "image"], filling.image);
  set(["cluster", "bootstrap"], { stateDirectory: filling.stateDirectory });
  const { config } = document.toJS() as { config: Record<string, readonly { readonly name: string }[]> };
  for (const [index, { name }] of (config["tokenrack:hosts"] ?? []).entries()) {
    const ssh = filling.ssh[name];
    if (ssh === undefined) throw new RangeError(`no made host ${name}`);
    set(["hosts", index, "ssh"], ssh);
  }
  set(["models", 0, "config"], filling.modelConfig);
  set(["models", 0, "download", "endpoint"], filling.hub);
  set(["charts", "gpuOperator", "chart"], filling.charts.gpuOperator);
  set(["charts", "kubeRay", "chart"], filling.charts.kubeRay);
}

/** Writes the project of the run: the program's own Pulumi.yaml, and the filled stack. */
export function writeProject(directory: string, document: Document): void {
  writeFileSync(join(directory, "Pulumi.yaml"), readFileSync(join(checkout, "Pulumi.yaml")));
  writeFileSync(join(directory, `Pulumi.${stackName}.yaml`), document.toString());
}

/** The user whose first request it is. */
export const user = "admin";

/** Secrets of a run, by their names in the stack. */
export interface RunSecrets {
  readonly firstUserPassword: string;
  readonly s3AccessKeyId: string;
  readonly s3SecretAccessKey: string;
  readonly [name: string]: string;
}

const random = (): string => randomBytes(24).toString("base64url");
/** Shape of a Ceph key; of no cluster. */
const cephKey = (): string => Buffer.concat([Buffer.from([1, 0]), randomBytes(26)]).toString("base64");

/** @param keys what opens the simulated Proxmox, its hosts and the VMs */
export async function makeSecrets(keys: {
  readonly proxmoxApiToken: string;
  readonly ssh: string;
}): Promise<RunSecrets> {
  const firstUserPassword = random();
  const entry = {
    name: user,
    passwordHash: await hashPassword(firstUserPassword),
    scopes: ["chat:write", "models:read"],
    models: ["*"],
  };
  return {
    proxmoxApiToken: keys.proxmoxApiToken,
    hostSshKey: keys.ssh,
    nodeSshKey: keys.ssh,
    cephKeys: JSON.stringify({ "pve-rbd": cephKey(), "pve-fs": cephKey() }),
    rayToken: random(),
    signingKey: generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    users: JSON.stringify([entry]),
    firstUserPassword,
    s3AccessKeyId: `AK${randomBytes(9).toString("hex").toUpperCase()}`,
    s3SecretAccessKey: random(),
  };
}
