/** What to do about a fault: better advice than "set it or remove it", by path without list indexes. */
import { isPrivateKey } from "./forms";
import type { PlatformKind } from "./schema";

/** Text, or what makes it out of the value; undefined where it has nothing to say. */
type Advice = string | ((value: unknown) => string | undefined);

const withSecret = (key: string): string => `\`pulumi config set --secret tokenrack:${key}\``;

/** Advice on every platform. */
const common: Readonly<Record<string, Advice>> = {
  "(stack)": 'write `platform: { kind: local }` and `models: [{ source: "builtin:tiny-llama" }]`',
  platform: "write `platform: { kind: local }`",
  "platform.kind": "write `kind: local`",
  models: 'write one entry, such as `- source: "builtin:tiny-llama"`',
  "models[]": "write it as `- source: ...`",
  "models[].source": "write one of these three forms",
  rayToken: `run \`npm start\`, which makes one, or \`openssl rand -hex 32 | pulumi config set --secret tokenrack:rayToken\``,
  signingKey:
    "run `npm start`, which makes one, or `openssl genpkey -algorithm ed25519 | pulumi config set --secret tokenrack:signingKey`",
  users: "run `npm start`, which makes one user, or `pulumi config set --secret tokenrack:users < users.json`",
  firstUserPassword:
    "run `npm start`, which makes one, or `pulumi config set --secret tokenrack:firstUserPassword` with that user's password",
  "users[].passwordHash": "run `npm run hash-password` and use the line it prints",
};

/** "1:00.0" and the like as far as they can be completed to "0000:01:00.0". */
function fullPci(value: unknown): string | undefined {
  const parts =
    typeof value === "string"
      ? /^(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,2}):([01]?[0-9a-f])(?:\.([0-7]))?$/i.exec(value)
      : null;
  if (parts === null) return undefined;
  const [, domain = "0", bus = "", device = "", part = "0"] = parts;
  const full = `${domain.padStart(4, "0")}:${bus.padStart(2, "0")}:${device.padStart(2, "0")}.0`.toLowerCase();
  const why =
    part === "0" ? "" : `: function .${part} is a part of the same card (.1 is its sound), and follows it into the VM`;
  return `write \`${full}\`${why}`;
}

/** An endpoint with what is missing. */
function fullEndpoint(value: unknown): string | undefined {
  const parts =
    typeof value === "string" ? /^(?:[a-z]+:\/\/)?(?:[^@/]*@)?([A-Za-z0-9.-]+)(?::(\d+))?/.exec(value) : null;
  return parts === null ? undefined : `write \`https://${parts[1] ?? ""}:${parts[2] ?? "8006"}\``;
}

/** A name as RFC 1123 would have it, where that is plain. */
function plainName(value: unknown): string | undefined {
  const plain =
    typeof value === "string"
      ? value
          .toLowerCase()
          .replace(/[^a-z0-9]+/g, "-")
          .replace(/^-|-$/g, "")
      : "";
  return plain === "" ? undefined : `write \`${plain}\``;
}

const hostKey = (value: unknown): string =>
  typeof value === "string" && isPrivateKey(value)
    ? "write the public key, and make a new pair: the private one has been seen"
    : "run `ssh-keyscan -t ed25519 <address>`, compare its fingerprint on the host (`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`), and paste the line";

/** Advice on clusters, before the common one. */
const onClusters: Readonly<Record<string, Advice>> = {
  "(stack)": "write `platform`, `pools`, `network` and `models`",
  models: "write one entry, such as `- source: Qwen/Qwen3-8B-AWQ`",
  hosts: "write one entry for each host: name, address, cores, memoryGib, and its gpus",
  pools: "write one entry for each group of equal nodes, such as the masters",
  network: "write what joins the nodes, such as `gbitPerSecond: 10`",
  "models[].source": "write the id under which the hub has it; its config.json may be given as `config`",
  "platform.endpoint": fullEndpoint,
  "hosts[].name": plainName,
  "hosts[].gpus[].pci": fullPci,
  "hosts[].gpus[].name": plainName,
  "hosts[].nvlink[][]": fullPci,
  "hosts[].ssh.hostKey": hostKey,
  "pools[].name": plainName,
  "pools[].nodes[].name": plainName,
  "cluster.bootstrap.host.ssh.hostKey": hostKey,
  "platform.image":
    "add `platform.image` with the `url` of a cloud image of one version, and the `checksum` that its maker publishes",
  "cluster.publicDomainTemplate": "write `%s.` and a domain that your DNS serves, in quotes",
  "cluster.kubernetesVersion": 'write `"Automatic"`, or the version in quotes: YAML reads 1.30 as the number 1.3',
  rayToken: `run \`openssl rand -hex 32 | pulumi config set --secret tokenrack:rayToken\``,
  signingKey: "run `openssl genpkey -algorithm ed25519 | pulumi config set --secret tokenrack:signingKey`",
  users: "run `pulumi config set --secret tokenrack:users < users.json`; `npm run hash-password` makes a passwordHash",
  firstUserPassword: "run `pulumi config set --secret tokenrack:firstUserPassword` with that user's password",
  proxmoxApiToken: `run ${withSecret("proxmoxApiToken")} and enter user@realm!id=uuid, as \`pveum user token add\` shows it`,
  hostSshKey: `run \`pulumi config set --secret tokenrack:hostSshKey < key\` with the private key that opens the hosts`,
  hostSshKeyPassphrase: `run ${withSecret("hostSshKeyPassphrase")}`,
  nodeSshKey: "run `ssh-keygen -t ed25519 -N '' -f node` and `pulumi config set --secret tokenrack:nodeSshKey < node`",
  deckhouseLicenseKey: `run ${withSecret("deckhouseLicenseKey")} with the key of your licence, or write \`cluster.edition: CE\``,
  clusterPasswordHashes: `make each with \`htpasswd -BnC 10 "" | tr -d ':\\n'\` and run ${withSecret("clusterPasswordHashes")} with {"<user>": "<hash>"}`,
  internalCaKey: "run `pulumi config set --secret tokenrack:internalCaKey < ca.key` with the CA's private key in PEM",
  cephKeys: `run ${withSecret("cephKeys")} with {"<connection>": "<key>"}; \`ceph auth get-key client.<user>\` shows a key`,
  kubeconfig: "run `pulumi config set --secret tokenrack:kubeconfig < kubeconfig.yaml`",
  registryLogins: `run ${withSecret("registryLogins")} < config.json, after \`docker login\` with DOCKER_CONFIG set to a directory of its own`,
  hfToken: `run ${withSecret("hfToken")} with a token of https://huggingface.co/settings/tokens`,
};

const byPlan = "remove it: the plan sets it";

/** Keys that people look for and that are not offered: why. */
const notOffered: Readonly<Record<string, string>> = {
  vms: "remove it: VMs follow from `pools`; what one of them has to be stands in `pools[].nodes`",
  tolerations: "remove it: tolerations are taken from the taints of `pools`",
  "serving.tolerations": "remove it: tolerations are taken from the taints of `pools`",
  serving: "remove it: how models are served stands in `models`, and tolerations are taken from the taints of `pools`",
  dashboard: "remove it: Ray's dashboard is never published",
  proxmox: "remove it: what it holds stands in `platform`",
  "platform.insecure": "give the CA's certificate as `caCert`, or write `allowInsecureTls: true`",
  "platform.apiToken": `remove it and run ${withSecret("proxmoxApiToken")} with a new token: this one has been seen`,
  "platform.username": `remove it: a token is enough, set with ${withSecret("proxmoxApiToken")}`,
  "platform.password": `remove it and change the password: a token is enough, set with ${withSecret("proxmoxApiToken")}`,
  "hosts[].ssh.privateKey": `remove it and run ${withSecret("hostSshKey")} with a new key: this one has been seen`,
  "hosts[].ssh.password": `remove it and change the password: a key is needed, set with ${withSecret("hostSshKey")}`,
  "hosts[].gpus[].mapping": "remove it: the resource mapping is made from the address",
  "hosts[].gpus[].id": "remove it: a raw id needs root's password; the resource mapping is made from the address",
  "pools[].balloon": "remove it: memory is never ballooned, since passthrough pins all of it",
  "pools[].ksm": "remove it: memory is never shared, since passthrough pins all of it",
  "pools[].machine": `${byPlan} to q35, which PCIe passthrough needs`,
  "pools[].bios": `${byPlan} to ovmf with an EFI disk, which cards with large memory windows need`,
  "pools[].cpu": `${byPlan} to host: other types lack the vector instructions that vLLM and Ray are built with`,
  "pools[].memory": "write `memoryGib`, a whole number of GiB",
  "pools[].disk": "write `diskGib`, a whole number of GiB",
  "pools[].ip": "write `addresses`",
  "pools[].vmid": "write `firstVmid`, or `nodes[].vmid`",
  "pools[].tolerations": "remove it: tolerations are taken from `taint`",
  "cluster.masters": "remove it: masters are a pool with `role: master` and a `count` of 1, 3 or 5",
  "cluster.registry.licenseKey": `remove it: the licence key is set with ${withSecret("deckhouseLicenseKey")}`,
  "cluster.registry.license": `remove it: the licence key is set with ${withSecret("deckhouseLicenseKey")}`,
  "cluster.ingress[].chaosMonkey":
    "remove it: it ends the controller's pods at random, and with them every answer that is being streamed",
  "cluster.users[].password": `remove it and run ${withSecret("clusterPasswordHashes")} with the hash of a new one: this one has been seen`,
  "cluster.users[].passwordHash": `remove it and run ${withSecret("clusterPasswordHashes")} with a new one: this one has been seen`,
  "cluster.internalCa.key": `remove it, make a new CA, and run ${withSecret("internalCaKey")} with its key: this one has been seen`,
  "cluster.admin": "write it under `cluster.users` with `accessLevel: SuperAdmin`",
  "cluster.ceph.connections[].userKey": `remove it and run ${withSecret("cephKeys")} with a new key: this one has been seen`,
  "cluster.adminPasswordHash": `remove it and run ${withSecret("clusterPasswordHashes")} with a new one: this one has been seen`,
  "models[].trustRemoteCode": "remove it: code out of a model's repository is not run",
  "models[].tolerations": "remove it: tolerations are taken from the taints of `pools`",
  "models[].quantization": "remove it: the storage format is a part of the model; another format has another id",
};

const withoutIndexes = (path: string): string => path.replace(/\[\d+\]/g, "[]");

/** The advice for a value at a path. @param optional whether it may be left out. @default true */
export function fixFor(path: string, value: unknown, kind: PlatformKind = "local", optional = true): string {
  const key = withoutIndexes(path);
  const known = (kind === "local" ? undefined : onClusters[key]) ?? common[key];
  const advice = typeof known === "function" ? known(value) : known;
  if (advice !== undefined) return advice;
  if (value === undefined) return `add \`${path}\``;
  if (path.startsWith("users[")) return "correct it";
  if (!optional && !path.endsWith("]")) return "correct it";
  return path.endsWith("]") ? "correct it, or remove it from the list" : "correct it, or remove it to get the default";
}

/** Why a key is not offered; undefined when nothing is to be said about it. */
export const whyNotOffered = (path: string, kind: PlatformKind): string | undefined =>
  kind === "local" ? undefined : notOffered[withoutIndexes(path)];
