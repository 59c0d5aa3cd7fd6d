/** What joins the nodes, the Kubernetes cluster on them, and the door to it. */
import * as z from "zod";
import { parseAddress, parseNetwork } from "../addresses";
import { deckhouseKeys } from "./deckhouse";
import { between, domainName, flag, integer, label, text, whole, word } from "./values";

const addressText = 'an IPv4 address, like "192.168.2.1"';
const address = () =>
  z.string({ error: addressText }).refine((value) => parseAddress(value) !== undefined, { error: addressText });
const subnetText = 'a network by its first address and its prefix, like "192.168.2.0/23"';
const subnet = () =>
  z.string({ error: subnetText }).refine((value) => parseNetwork(value) !== undefined, { error: subnetText });

const links = {
  /** Speed of one node's link in gigabits a second (0.1 to 6400). */
  gbitPerSecond: between(0.1, 6400, "a number of gigabits a second from 0.1 to 6400"),
  /** RDMA (InfiniBand or RoCE) that NCCL can use. @default false */
  rdma: flag().default(false),
} as const;

/** `network` of a cluster that is there already: what joins its nodes, by which the plan splits models. */
export const networkSchema = z.strictObject(links, { error: "a group of keys, such as `gbitPerSecond: 100`" });

/** `network` on Proxmox: what joins the nodes, and where they are. */
export const proxmoxNetworkSchema = z.strictObject(
  {
    ...links,
    /** The nodes' network. */
    subnet: subnet(),
    /** Router of the subnet. */
    gateway: address(),
    /** Name servers. @default the gateway */
    dns: z.array(address(), { error: "a list of IPv4 addresses" }).default([]),
    /** Bridge of the hosts that the VMs are on. @default "vmbr0" */
    bridge: text(/^[a-z][a-z0-9_.]{0,14}$/, "the name of a bridge, like vmbr0").default("vmbr0"),
    /** VLAN tag (1 to 4094). @default untagged */
    vlan: integer(1, 4094, "a VLAN tag from 1 to 4094").optional(),
    /** Largest packet in bytes (1280 to 9216). @default the bridge's */
    mtu: whole(1280, 9216, "bytes").optional(),
  },
  { error: "a group of keys: gbitPerSecond, subnet, gateway" },
);

/** What Deckhouse 1.77 installs. @see https://github.com/deckhouse/deckhouse CHANGELOG/CHANGELOG-v1.77.md, #19623 */
export const kubernetesVersions = ["Automatic", "1.32", "1.33", "1.34", "1.35", "1.36"] as const;
const versionText = `a quoted text, one of ${kubernetesVersions.map((version) => `"${version}"`).join(", ")}`;
const templateText = 'a domain with one %s for the name of the application, like "%s.k8s.my.org"';

/** `cluster`: the Deckhouse cluster that is made on the VMs. Names are Deckhouse's. */
export const clusterSchema = z.strictObject(
  {
    /** Kubernetes' minor version; `Automatic` follows Deckhouse. @default "Automatic" */
    kubernetesVersion: z.enum(kubernetesVersions, { error: versionText }).default("Automatic"),
    /** How early updates come. @default "Stable" */
    releaseChannel: word(["Alpha", "Beta", "EarlyAccess", "Stable", "RockSolid"]).default("Stable"),
    /** Deckhouse's edition; all but CE need a licence key. @default "CE" */
    edition: word(["CE", "BE", "SE", "SE-plus", "EE"]).default("CE"),
    /** Addresses of pods. @default "10.111.0.0/16" */
    podSubnetCIDR: subnet().default("10.111.0.0/16"),
    /** Addresses of services. @default "10.222.0.0/16" */
    serviceSubnetCIDR: subnet().default("10.222.0.0/16"),
    /** Domain inside the cluster. @default "cluster.local" */
    clusterDomain: domainName("a domain name in lower case").default("cluster.local"),
    /** Domain of the platform's own pages. Needed before anything is made. */
    publicDomainTemplate: text(/^[^%\s]*%s[^%\s]*$/, templateText).optional(),
    /** Taint keys that the platform's own pods tolerate. @default those of all pools */
    customTolerationKeys: z.array(z.string({ error: "a taint key" }), { error: "a list of taint keys" }).optional(),
    ...deckhouseKeys,
  },
  { error: "a group of keys, such as `publicDomainTemplate`" },
);

const objectName = () => domainName("the name of an object");

/** `ingress.gateway`: a Gateway of the Gateway API that is there already, with a listener for TLS and its certificate. */
const parentSchema = z.strictObject(
  {
    /** Its name. */
    name: objectName(),
    /** Its namespace. */
    namespace: objectName(),
    /** Name of its listener. @default any that takes the host */
    listener: label().optional(),
  },
  { error: "a group of keys: name, namespace" },
);

const annotationKey = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/;
const keyText = 'each key with its prefix, like "nginx.ingress.kubernetes.io/enable-modsecurity"';
const annotationText = 'the value of an annotation, in quotes, like "true"';

/** `ingress`: where clients of a cluster reach the gateway. */
export const ingressSchema = z.strictObject(
  {
    /** Public name of the API. Needed before anything is made. */
    host: domainName('a domain name in lower case, like "llm.my.org"').optional(),
    /** Ingress class. @default the cluster's own */
    class: text(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, "the name of an ingress class").optional(),
    /**
     * Who takes the requests: Deckhouse's controllers, ingress-nginx, or an implementation of the Gateway API.
     * @default "deckhouse" on Proxmox, else "ingressNginx"
     */
    kind: word(["ingressNginx", "deckhouse", "gatewayApi"]).optional(),
    /** The Gateway that routes are attached to; needed with `kind: gatewayApi`, and only there. */
    gateway: parentSchema.optional(),
    /**
     * Annotations of a web application firewall, such as nginx.ingress.kubernetes.io/enable-modsecurity. They are put on /token
     * alone: on prompts its rules find attacks where there are none. @default none
     */
    wafAnnotations: z
      .record(text(annotationKey, keyText), z.string({ error: annotationText }).max(4096, { error: annotationText }), {
        error: `a map of annotations, ${keyText}`,
      })
      .default({}),
    /**
     * cert-manager's ClusterIssuer for its certificate. Needed before anything is made, as there is no API without TLS; but not with
     * `kind: gatewayApi`, whose Gateway has a certificate.
     */
    tlsIssuer: text(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/, "the name of a ClusterIssuer").optional(),
  },
  { error: "a group of keys, such as `host: llm.my.org`" },
);
