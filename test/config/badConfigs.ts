/**
 * The fifty bad configurations: what people get wrong, each as a change of a good stack, under the keys of this project.
 * Where a key does not exist because the design has no use for it, `why` says so, and the row shows what is answered.
 */
import { badPlans } from "./badPlans";
import { bad, rented, type BadConfig } from "./badStacks";
import { hash, sshKeys } from "./stacks";

const uuid = "12345678-1234-1234-1234-123456789abc";
const published = "$2y$10$Jb5NmiNzNqDIt/vleKdrzux8EQrpvR/tPHKW6Pd/94ZAN14UgidjO";
const user = (passwordHash: string): string =>
  JSON.stringify([{ name: "admin", passwordHash, scopes: ["chat:write"], models: ["*"] }]);
const gpus = (...names: readonly string[]) => ({ gpus: names });
const ann = { name: "ann", email: "ann@k8s.lan", accessLevel: "User" };

const hosts: readonly BadConfig[] = [
  bad(1, "the API without TLS", { "platform.endpoint": "http://10.0.0.2:8006" }),
  bad(2, "the API without a port", { "platform.endpoint": "https://pve" }),
  bad(3, "no token", { proxmoxApiToken: undefined }),
  {
    ...bad(4, "a token in plain text in the stack file"),
    file: `config:\n  tokenrack:platform: { kind: proxmox, endpoint: "https://pve1.lan:8006", apiToken: CANARY }\n  tokenrack:proxmoxApiToken: tokenrack@pve!up=CANARY\n`,
    why: "the token is no part of `platform`; the rest of the stack is missing, and told at once",
  },
  bad(5, "a token of root", { proxmoxApiToken: `root@pam!CANARY=${uuid}` }),
  bad(6, "a token of another form", { proxmoxApiToken: `tokenrack@pve-CANARY-${uuid}` }),
  {
    ...bad(7, "no check of the API's certificate", { "platform.insecure": true }),
    why: "no `insecure`: `allowInsecureTls` says what it does",
  },
  bad(8, "no host", { hosts: [] }),
  bad(9, "two hosts of one name", { "hosts[1].name": "pve1" }),
  bad(10, "a host that anybody could answer for", { "hosts[0].ssh.hostKey": undefined }),
  bad(11, "a private key as the host's", { "hosts[0].ssh.hostKey": sshKeys.open }),
  {
    ...bad(12, "a locked key and no passphrase", { hostSshKey: sshKeys.locked }),
    why: "one key opens all hosts: it is a secret of the stack, not of a host",
  },
  bad(13, "a port that is none", { "hosts[1].ssh.port": 70_000 }),
  bad(14, "a reboot that is neither", { "hosts[0].reboot": "yes" }),
  bad(15, "a PCI address without its domain", { "hosts[0].gpus[0].pci": "1:00.0" }),
  bad(16, "the card's sound instead of the card", { "hosts[0].gpus[0].pci": "0000:01:00.1" }),
  bad(17, "one card twice", { "hosts[0].gpus[1]": { pci: "0000:01:00.0", card: "rtx-3090" } }),
  {
    ...bad(18, "a mapping and a raw id", { "hosts[0].gpus[0].mapping": "gpu", "hosts[0].gpus[0].id": "0000:01:00.0" }),
    why: "neither is a key: the mapping is made from `pci`",
  },
];

const vms: readonly BadConfig[] = [
  bad(19, "a GPU that no host has", { "pools[1].nodes": [gpus("gpu9")] }),
  bad(20, "one GPU in two VMs", { "pools[1].nodes": [gpus("gpu0"), gpus("gpu0")] }),
  bad(21, "a VM here and its GPU there", { "pools[1].nodes": [{ host: "pve2", gpus: ["gpu0"] }] }),
  bad(22, "an id that Proxmox keeps", { "pools[1].firstVmid": 99 }),
  bad(23, "one id twice", { "pools[1].firstVmid": 10_000 }),
  {
    ...bad(24, "memory without a unit", { "pools[1].memory": "24", "pools[1].memoryGib": "24GiB" }),
    why: "the unit is in the key: `memoryGib` takes a number",
  },
  { ...bad(25, "a balloon", { "pools[1].balloon": true, "pools[1].ksm": true }), why: "no keys: both are always off" },
  { ...bad(26, "a machine without PCIe", { "pools[1].machine": "i440fx" }), why: "no key: always q35" },
  {
    ...bad(27, "a BIOS that large cards do not start with", { "pools[1].bios": "seabios" }),
    why: "no key: always OVMF",
  },
  { ...bad(28, "a processor without AVX", { "pools[1].cpu": { type: "kvm64" } }), why: "no key: always `host`" },
  bad(29, "a master on a small disk", { "pools[0].diskGib": 20 }),
  bad(30, "an address that is none", { "pools[0].addresses": ["192.168.2.300"] }),
  bad(31, "one address twice", { "pools[0].addresses": ["192.168.2.61"] }),
  bad(32, "a router outside the network", { "network.gateway": "192.168.4.1" }),
  bad(33, "a name that is none", { "pools[1].name": "GPU_1" }),
];

const cluster: readonly BadConfig[] = [
  bad(34, "pods among services", { "cluster.podSubnetCIDR": "10.222.0.0/15" }),
  bad(35, "pods among hosts", { "cluster.podSubnetCIDR": "192.168.0.0/16" }),
  bad(36, "two masters", { "pools[0].count": 2, "pools[0].addresses": ["192.168.2.51-192.168.2.52"] }),
  bad(
    37,
    "a public domain without %s, and one that is the cluster's own",
    { "cluster.publicDomainTemplate": "k8s.lan" },
    { "cluster.publicDomainTemplate": "%s.cluster.local" },
  ),
  {
    ...bad(
      38,
      "a placeholder as the licence key, and the key beside the registry",
      { "cluster.edition": "EE", deckhouseLicenseKey: "<user_key>" },
      { "cluster.registry": { licenseKey: "CANARY" } },
    ),
    why: "the licence key is a secret of the stack",
  },
  bad(39, "a published password", {
    "cluster.users": [ann],
    clusterPasswordHashes: JSON.stringify({ ann: published }),
  }),
  {
    ...bad(40, "a version that YAML reads as a number"),
    file: "config:\n  tokenrack:platform: { kind: proxmox, endpoint: 'https://pve1.lan:8006' }\n  tokenrack:cluster: { kubernetesVersion: 1.30 }\n",
    why: "the rest of the stack is missing, and told at once",
  },
  {
    ...bad(
      41,
      "a taint that nobody tolerates, and tolerations of one's own",
      { "pools[1].taint": { key: "dedicated.my.org" }, "cluster.customTolerationKeys": ["dedicated.apiac.ru"] },
      { "serving.tolerations": [{ key: "dedicated.apiac.ru" }] },
    ),
    why: "models, gateway and jobs get their tolerations from the taints of `pools`: only the platform's own have a key",
  },
];

const gateway: readonly BadConfig[] = [
  {
    ...bad(
      48,
      "no key, a key that everybody knows, tokens without an end, a quick hash",
      { signingKey: undefined },
      { signingKey: "default_jwt_key", "gateway.tokenLifetimeMinutes": 0, users: user("5e88".repeat(16)) },
      { "gateway.tokenLifetimeMinutes": "10y", users: user(hash).replace("$scrypt$ln=15", "$scrypt$ln=CANARY") },
    ),
    why: "the key is Ed25519, so there is no length; the life of a token is a number of minutes",
  },
  {
    ...bad(49, "a name of examples, no issuer, every origin, a published dashboard", {
      "ingress.host": "openai-api.example.com",
      "ingress.tlsIssuer": undefined,
      "gateway.corsOrigins": ["*"],
      dashboard: { expose: true },
    }),
    why: "credentials go with every origin that is allowed, so `*` is not offered; the dashboard is never published",
  },
  {
    ...bad(
      50,
      "an image that moves",
      { "images.ray": "registry.my.org/ray-llm:nightly", "images.node": "registry.my.org/node" },
      { "serving.faultTolerance": "redis" },
      { "modelStore.existingClaim": undefined, "modelStore.accessMode": "ReadWriteOnce" },
    ),
    base: rented,
    why: "storage and access mode are told by the plan, once everything is well formed",
  },
];

/** All of them, in their order. */
export const badConfigs: readonly BadConfig[] = [...hosts, ...vms, ...cluster, ...badPlans, ...gateway];

/** Rows whose faults do not hide each other: each is about a part that the others leave well formed. */
export const together: readonly (readonly number[])[] = [
  [1, 3, 7, 8, 12, 22, 24, 25, 26, 27, 28, 29, 32, 33, 34, 36, 38, 39, 45, 47, 48, 49],
  [2, 6, 7, 10, 12, 17, 21, 29, 32, 35, 36, 38, 39, 41, 42, 45, 47, 48, 49],
];
