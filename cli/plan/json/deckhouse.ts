/** The Deckhouse cluster, and how it is installed, as `--json` prints them. */
import * as z from "zod";
import { moduleNames } from "../../../catalog/deckhouse";
import { labels, ssh, taints } from "./placement";
import { positive, text } from "./values";

const reclaimPolicy = z.enum(["Delete", "Retain"]).optional();
const storage = { name: z.string(), connection: z.string(), reclaimPolicy } as const;

const pool = z.strictObject({
  name: z.string(),
  role: z.enum(["master", "system", "worker", "gpu"]),
  nodes: z.array(z.strictObject({ name: z.string(), address: z.string() })),
  labels,
  taints,
});

const ingress = z.strictObject({
  name: z.string(),
  ingressClass: z.string(),
  addresses: text("range"),
  address: z.string().optional(),
  nodeSelector: labels,
  replicas: positive("pods").optional(),
});

const installer = z.enum(["operator", "node"]);
const nvidia = z.strictObject({
  driver: installer,
  driverPackages: z.array(z.string()),
  toolkit: installer,
  containerd: z.literal([1, 2]).describe("major version"),
  dropIn: text("file that tells containerd of the runtime nvidia"),
  defaultRuntime: z.boolean(),
});

/** What the cluster is made from. */
export const deckhouse = z
  .strictObject({
    cluster: z.strictObject({
      kubernetesVersion: z.string(),
      releaseChannel: z.string(),
      edition: z.string(),
      podSubnetCIDR: z.string(),
      serviceSubnetCIDR: z.string(),
      clusterDomain: z.string(),
      publicDomainTemplate: z.string().optional(),
      customTolerationKeys: z.array(z.string()).optional(),
      defaultCri: z.enum(["Containerd", "ContainerdV2"]),
      proxy: z
        .strictObject({
          httpProxy: z.string().optional(),
          httpsProxy: z.string().optional(),
          noProxy: z.array(z.string()),
        })
        .optional(),
    }),
    registry: z
      .strictObject({
        imagesRepo: z.string().optional(),
        scheme: z.enum(["HTTP", "HTTPS"]).optional(),
        ca: text("PEM").optional(),
        mode: z.enum(["Unmanaged", "Direct"]).optional(),
        version: z.string().optional(),
      })
      .optional(),
    registryCertificates: z.array(z.strictObject({ host: z.string(), ca: text("PEM") })),
    nodeNetworks: z.array(z.string()),
    pools: z.array(pool),
    ssh: z.strictObject({ user: z.string(), port: positive("port") }).describe("of the nodes"),
    modules: z.partialRecord(z.enum(moduleNames), z.boolean()).describe("modules switched by hand"),
    cephConnections: z.array(
      z.strictObject({ name: z.string(), clusterId: z.string(), monitors: z.array(z.string()), user: z.string() }),
    ),
    cephClasses: z.array(
      z.discriminatedUnion("type", [
        z.strictObject({ ...storage, type: z.literal("RBD"), pool: z.string(), fsType: z.string().optional() }),
        z.strictObject({ ...storage, type: z.literal("CephFS"), fileSystem: z.string() }),
      ]),
    ),
    localPaths: z.array(
      z.strictObject({
        name: z.string(),
        path: z.string(),
        pools: z.array(z.string()).optional(),
        reclaimPolicy,
      }),
    ),
    defaultStorageClass: z.string().optional(),
    ingress: z.array(ingress),
    internalCa: z
      .strictObject({ name: z.string(), certificate: text("PEM; absent: made in the cluster").optional() })
      .optional(),
    letsEncrypt: z.boolean().describe("whether something asks Let's Encrypt for certificates"),
    publishApi: z.boolean().describe("whether users reach the API by a public name"),
    nvidia: nvidia.optional().describe("on the GPU nodes"),
    users: z.array(
      z.strictObject({
        name: z.string(),
        email: z.string(),
        accessLevel: z.string(),
        portForwarding: z.boolean(),
      }),
    ),
  })
  .describe("the Deckhouse cluster on the VMs");

/** How it is installed. */
export const bootstrap = z
  .strictObject({
    engine: z.enum(["auto", "docker", "podman"]),
    stateDirectory: text("of the installer"),
    host: ssh.optional().describe("absent: this machine"),
    master: z.strictObject({ name: z.string(), address: z.string(), hostKey: z.string().optional() }),
    masterHost: ssh.describe("the Proxmox host of the first master"),
  })
  .describe("where and how Deckhouse is installed");
