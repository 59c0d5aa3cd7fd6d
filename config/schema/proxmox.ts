/** Proxmox: its API and its hosts with their GPUs. */
import * as z from "zod";
import { isEndpoint, isPublicKey } from "../forms";
import { imageSchema } from "./image";
import { flag, integer, label, text, whole, word } from "./values";

const endpointText = 'an https URL with a port and nothing after it, like "https://pve1.lan:8006"';
const pemText = "one or more certificates in PEM";
const storageText = "the name of a Proxmox storage: letters, digits and . _ -, starting with a letter";
const storage = () => text(/^[A-Za-z][\w.-]{1,99}$/, storageText);

/** `platform` of kind `proxmox`: virtual machines on Proxmox hosts, and Deckhouse on them. */
export const proxmoxPlatformSchema = z.strictObject(
  {
    /** Brings the stack up on Proxmox hosts. */
    kind: z.literal("proxmox"),
    /** Proxmox's API; any host of the cluster answers for all. TLS is always verified. */
    endpoint: z.string({ error: endpointText }).refine(isEndpoint, { error: endpointText }),
    /** Certificates that the API's own is checked against. @default the system's */
    caCert: text(/^\s*-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\s*$/, pemText).optional(),
    /** Takes whatever certificate the API shows: whoever stands between sees the token. @default false */
    allowInsecureTls: flag().default(false),
    /** Takes a token of root@pam, which may do anything. @default false */
    allowRootToken: flag().default(false),
    /** Storage for the VMs' disks, reachable from every host that gets one. @default "local-lvm" */
    diskStorage: storage().default("local-lvm"),
    /** Storage for the cloud image, with content type `import`. @default "local" */
    imageStorage: storage().default("local"),
    /** Whether all hosts see `imageStorage`, so that one download serves all. @default false */
    imageShared: flag().default(false),
    /** Image that the VMs start from. Needed before anything is made. */
    image: imageSchema.optional(),
    /** Name of the Proxmox pool that is made for the VMs. @default "tokenrack-<stack>" */
    pool: text(/^[A-Za-z0-9][\w.-]{0,63}$/, "the name of a Proxmox pool: letters, digits and . _ -").optional(),
  },
  { error: "a group of keys that starts with `kind: proxmox`" },
);

const pciText = 'the full PCI address of a function 0, like "0000:01:00.0" (domain:bus:device.function)';
const pci = () => text(/^[0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f]\.0$/, pciText);
const cardText = 'the name of a GPU, like "rtx-3090"';
/** A kind of GPU by any of its names; the plan knows which there are. */
export const card = (): z.ZodString => text(/^[\p{L}\d][\p{L}\d ._-]{0,63}$/u, cardText);

const generations = [3, 4, 5] as const;
const widths = [1, 2, 4, 8, 16] as const;

/** A slot that gives a card less than it could take. */
export const slotSchema = z.strictObject(
  {
    /** PCIe generation (3, 4 or 5). @default the card's */
    generation: z.literal(generations, { error: "3, 4 or 5" }).optional(),
    /** PCIe lanes (1, 2, 4, 8 or 16). @default the card's */
    width: z.literal(widths, { error: "1, 2, 4, 8 or 16" }).optional(),
  },
  { error: "a group of keys, such as `{ generation: 4, width: 8 }`" },
);

/** One GPU of a host. */
export const hostGpuSchema = z.strictObject(
  {
    /** Its address as `lspci -D` shows it, function 0: the others (sound, USB-C) follow it into the VM. */
    pci: pci(),
    /** Which card it is. */
    card: card(),
    /** Name by which `pools[].nodes[].gpus` picks it. @default "<host>-gpu<n>", counted from 0 */
    name: label().optional(),
    /** The slot, where it gives less than the card could take. @default the card's own generation and width */
    slot: slotSchema.optional(),
  },
  { error: "a GPU: pci and card" },
);

const keyText =
  'the host\'s ed25519 or ecdsa public key as one line, like "ssh-ed25519 AAAA...", as `ssh-keyscan -t ed25519` prints it after the address';
const addressText = "an IPv4 address or a domain name in lower case";
const host = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
/** Where SSH finds a host. */
export const hostAddress = (): z.ZodString => text(host, addressText);
const pairText = "a pair of PCI addresses of this host's GPUs";

/** How a host is reached over SSH. */
export const sshSchema = z.strictObject(
  {
    /** Who logs in: root, or a user who may run `sudo -n sh`. @default "root" */
    user: text(/^[a-z_][a-z0-9_-]{0,31}$/, "a user name in lower case").default("root"),
    /** Port of its SSH server. @default 22 */
    port: integer(1, 65535, "a port from 1 to 65535").default(22),
    /** The host's public key: the connection is refused when the host shows another one. Needed before anything is made. */
    hostKey: z.string({ error: keyText }).refine(isPublicKey, { error: keyText }).optional(),
  },
  { error: "a group of keys, such as `hostKey: ssh-ed25519 AAAA...`" },
);

/** One Proxmox host. */
export const hostSchema = z.strictObject(
  {
    /** Name of the host in the Proxmox cluster. */
    name: label(),
    /** Where SSH finds it. */
    address: hostAddress(),
    ssh: sshSchema.prefault({}),
    /** Processor threads, as `nproc` counts them (1 to 1024). */
    cores: whole(1, 1024, "threads"),
    /** Memory in whole GiB (4 to 32768). */
    memoryGib: whole(4, 32_768, "GiB"),
    /** Memory that no VM gets, in GiB (0 to 4096): Proxmox itself, Ceph's daemons (about 4 each), ZFS's cache. @default 4 */
    reservedGib: whole(0, 4096, "GiB").default(4),
    /** GPUs to pass through, in the order of their slots. @default none */
    gpus: z.array(hostGpuSchema, { error: "a list of GPUs, each with pci and card" }).default([]),
    /** GPUs that an NVLink bridge joins, as pairs of PCI addresses. @default none */
    nvlink: z
      .array(z.array(pci(), { error: pairText }).length(2, { error: pairText }), { error: `a list, each ${pairText}` })
      .default([]),
    /** Whether the host may be rebooted when passthrough needs it; never by surprise: preview names it. @default "never" */
    reboot: word(["never", "ifNeeded"]).default("never"),
    /** Takes a GPU even where it is the display that the host starts with: its console goes dark. @default false */
    allowPrimaryGpu: flag().default(false),
    /** Splits IOMMU groups by `pcie_acs_override`, which weakens isolation between devices. @default false */
    acsOverride: flag().default(false),
    /** Puts the host's own files back when the stack is destroyed. @default false */
    restoreHost: flag().default(false),
  },
  { error: "a host: name, address, cores, memoryGib, and its gpus" },
);
