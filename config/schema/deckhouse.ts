/** Parts of `cluster`: how Deckhouse is installed, and what is made in the cluster besides its nodes. */
import * as z from "zod";
import { moduleNames } from "../../catalog/deckhouse";
import { isPublicKey } from "../forms";
import { certificates, clusterUserSchema, internalCaSchema } from "./clusterAccess";
import { nvidiaSchema, proxySchema, registryCertificateSchema } from "./clusterNodes";
import { labels } from "./pools";
import { hostAddress, sshSchema } from "./proxmox";
import { domainName, flag, label, text, whole, word } from "./values";

const directoryText = 'an absolute directory that outlives a run, like "/var/lib/tokenrack"';

/** `cluster.bootstrap`: where Deckhouse's installer runs. */
export const bootstrapSchema = z.strictObject(
  {
    /** A Linux host with docker or podman that reaches the masters; opened by `hostSshKey`. @default this machine */
    host: z
      .strictObject({ address: hostAddress(), ssh: sshSchema.prefault({}) }, { error: "a host: address and ssh" })
      .optional(),
    /** What runs the installer's image. @default "auto": docker, else podman */
    engine: word(["auto", "docker", "podman"]).default("auto"),
    /** Where the installer keeps its state, so that one that was cut off goes on. @default ".tokenrack/bootstrap/<stack>" in the project, "/var/lib/tokenrack/<stack>" on a `host` */
    stateDirectory: text(/^\/[^\p{Cc}'"\s]{1,250}$/u, directoryText).optional(),
  },
  { error: "a group of keys: host, engine, stateDirectory" },
);

const keyText = 'the first master\'s ed25519 or ecdsa public key as one line, like "ssh-ed25519 AAAA..."';
/** `cluster.masterHostKey`. */
const masterHostKey = () => z.string({ error: keyText }).refine(isPublicKey, { error: keyText });

const repoText = 'a repository without a tag, like "registry.my.org/deckhouse/ce"';

/** `cluster.registry`: where Deckhouse's images come from, where it is not its public registry. */
export const registrySchema = z.strictObject(
  {
    /** Repository of the edition. @default "registry.deckhouse.io/deckhouse/<edition>" */
    imagesRepo: text(/^[a-z0-9.-]+(?::\d{1,5})?(?:\/[a-z0-9._-]+)+$/, repoText).optional(),
    /** How the registry is spoken to. @default "HTTPS" */
    scheme: word(["HTTP", "HTTPS"]).optional(),
    /** Certificate of the registry's CA, PEM. @default those that the system trusts */
    ca: certificates().optional(),
    /** Who fetches images: the nodes by the real address, or by a fixed one that Deckhouse rewrites. @default "Unmanaged" */
    mode: word(["Unmanaged", "Direct"]).optional(),
    /** One version instead of the channel's. @default the channel's */
    version: text(/^v\d+\.\d+\.\d+$/, 'a version like "v1.77.3"').optional(),
  },
  { error: "a group of keys, such as `imagesRepo`" },
);

/** `cluster.modules`: Deckhouse's modules that are switched by hand. */
export const modulesSchema = z.strictObject(
  Object.fromEntries(moduleNames.map((name) => [name, flag().optional()])) as Record<
    (typeof moduleNames)[number],
    z.ZodOptional<z.ZodBoolean>
  >,
  { error: "a map of module names to true or false" },
);

const selector = () =>
  labels().refine((value) => Object.keys(value).length > 0, { error: "at least one label of a pool" });

const rangeText = 'a range of free addresses, like "192.168.3.70-192.168.3.100"';

/** An entry of `cluster.ingress`: an ingress controller behind addresses of MetalLB. */
export const controllerSchema = z.strictObject(
  {
    /** Name of the controller. */
    name: label(),
    /** Class of the Ingress objects that it serves. */
    ingressClass: label(),
    /** Addresses of the nodes' network that MetalLB answers for; no machine has one of them. */
    addresses: text(/^\d+(?:\.\d+){3}-\d+(?:\.\d+){3}$/, rangeText),
    /** The one that clients use. @default the first free one */
    address: text(/^\d+(?:\.\d+){3}$/, "an IPv4 address of the range").optional(),
    /** Labels of the nodes that it runs and answers on: labels of a pool. */
    nodeSelector: selector(),
    /** Its pods (1 to 100). @default 2 */
    replicas: whole(1, 100, "pods").optional(),
  },
  { error: "an ingress controller: name, ingressClass, addresses, nodeSelector" },
);

/** One Ceph user's way into a Ceph cluster; its key stands in the secret `cephKeys`. */
const connectionSchema = z.strictObject(
  {
    /** Name by which classes choose it, and the secret `cephKeys`. */
    name: label(),
    /** `ceph fsid`. */
    clusterId: z.string({ error: "the Ceph cluster's id" }),
    /** With ports, as `ceph mon dump` has them: "192.168.2.3:6789". */
    monitors: z.array(z.string({ error: "an address with a port" }), { error: "a list of monitors" }),
    /** Name of the user without "client.". */
    user: text(/^[A-Za-z0-9._-]+$/, "a Ceph user without `client.`"),
  },
  { error: "a Ceph connection: name, clusterId, monitors, user" },
);

const storageClass = {
  /** Name of the storage class. */
  name: label(),
  /** Name of one of `connections`. */
  connection: label(),
  /** What becomes of a volume whose claim is deleted. @default "Delete" */
  reclaimPolicy: word(["Delete", "Retain"]).optional(),
} as const;
const cephName = (what: string) => text(/^[A-Za-z0-9._-]+$/, what);

/** `cluster.ceph`: storage classes on a Ceph cluster. */
export const cephSchema = z.strictObject(
  {
    /** Ways into Ceph clusters, each with a user of its own. @default none */
    connections: z.array(connectionSchema, { error: "a list of Ceph connections" }).default([]),
    /** The first RBD class is the cluster's default. */
    classes: z
      .array(
        z.discriminatedUnion("type", [
          z.strictObject({
            ...storageClass,
            /** Block devices: one node at a time mounts a volume. */
            type: z.literal("RBD"),
            /** Pool of the Ceph cluster. */
            pool: cephName("the name of a Ceph pool"),
            /** File system of its volumes. @default "ext4" */
            fsType: word(["ext4", "xfs"]).optional(),
          }),
          z.strictObject({
            ...storageClass,
            /** A file system: many nodes mount a volume, as models need. */
            type: z.literal("CephFS"),
            /** File system of the Ceph cluster. */
            fileSystem: cephName("the name of a CephFS"),
          }),
        ]),
        { error: "a list of storage classes, each with `type: RBD` or `type: CephFS`" },
      )
      .default([]),
  },
  { error: "a group of keys: connections and classes" },
);

/** An entry of `cluster.localPaths`: storage in a directory of the nodes. */
export const localPathSchema = z.strictObject(
  {
    /** Name of the storage class. */
    name: label(),
    /** Directory of the nodes. */
    path: text(/^\/[\w./-]{1,250}$/, 'an absolute directory, like "/data"'),
    /** Pools by name. @default all */
    pools: z.array(label(), { error: "a list of names of `pools`" }).optional(),
    /** What becomes of a volume whose claim is deleted. @default "Delete" */
    reclaimPolicy: word(["Delete", "Retain"]).optional(),
  },
  { error: "a local path: name and path" },
);

/** Keys of `cluster` about Deckhouse's installation and what is in the cluster. */
export const deckhouseKeys = {
  /** Who cloud-init makes on the VMs, with sudo and without a password; Deckhouse logs in as it. @default "tokenrack" */
  sshUser: text(/^[a-z_][a-z0-9_-]{0,31}$/, "a user name in lower case, not root")
    .refine((name) => name !== "root", { error: "another user than root: cloud images let root not in" })
    .default("tokenrack"),
  /** The first master's public host key. @default the one that it shows when its Proxmox host first asks for it */
  masterHostKey: masterHostKey().optional(),
  bootstrap: bootstrapSchema.prefault({}),
  registry: registrySchema.optional(),
  /** Registries besides Deckhouse's that the nodes fetch images from, and whose CA no system knows. @default none */
  registryCertificates: z
    .array(registryCertificateSchema, { error: "a list of registries, each with host and ca" })
    .default([]),
  /** The nodes' way out to the internet. @default none is needed */
  proxy: proxySchema.optional(),
  /** Container runtime of all nodes: containerd 1, or containerd 2 (cgroup v2, systemd 244 and erofs needed). @default "Containerd" */
  defaultCRI: word(["Containerd", "ContainerdV2"]).default("Containerd"),
  nvidia: nvidiaSchema.prefault({}),
  /** Switches of modules. @default on where something here needs them */
  modules: modulesSchema.default({}),
  /** Users of the platform's pages and of the API. @default none: the kubeconfig of the stack's outputs is all there is */
  users: z.array(clusterUserSchema, { error: "a list of users" }).default([]),
  /** Whether users reach the API by a public name, with a login. @default false */
  publishAPI: flag().default(false),
  /** A CA of one's own. @default none: certificates come from Let's Encrypt */
  internalCa: internalCaSchema.optional(),
  /** Ingress controllers. The first one's class is that of the platform's own pages. @default none */
  ingress: z.array(controllerSchema, { error: "a list of ingress controllers" }).default([]),
  ceph: cephSchema.prefault({}),
  /** Storage in directories of nodes, which stays on its node. @default none */
  localPaths: z.array(localPathSchema, { error: "a list of local paths" }).default([]),
  /** Storage class of claims that name none. @default the first RBD class, then the first local path */
  defaultStorageClass: domainName("the name of a storage class").optional(),
} as const;
