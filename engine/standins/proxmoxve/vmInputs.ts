/** Arguments of a VM that the stand-in implements, with the official plugin's checks and defaults. */
import { z } from "zod";
import { oneOf, range } from "./checks";

const machine = /^(?:|(?:pc|q35|virt|pc-i440fx-\d.*|pc-q35-\d.*)(?:,viommu=(?:intel|virtio))?)$/;
const dnsName =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;
const duration = /^(?:\d+(?:\.\d+)?(?:ns|us|ms|s|m|h))+$/;
const INVALID = "(must be a valid";

const cpuSchema = z.strictObject({
  cores: range("cores", 1, 2304).default(1),
  sockets: range("sockets", 1, 16).default(1),
  type: z.string().default("qemu64"),
  numa: z.boolean().default(false),
});

const memorySchema = z.strictObject({
  dedicated: range("dedicated", 64, 268435456).default(512),
  floating: range("floating", 0, 268435456).default(0),
});

const diskSchema = z.strictObject({
  interface: z.string(),
  datastoreId: z.string().default("local-lvm"),
  size: z
    .number()
    .refine((size) => size >= 1, { error: ({ input }) => `expected size to be at least (1), got ${String(input)}` })
    .default(8),
  fileFormat: oneOf("file_format", "qcow2", "raw", "vmdk").optional(),
  importFrom: z.string().optional(),
  aio: z.string().default("io_uring"),
  backup: z.boolean().default(true),
  cache: z.string().default("none"),
  discard: oneOf("discard", "ignore", "on").default("ignore"),
  iothread: z.boolean().default(false),
  replicate: z.boolean().default(true),
  ssd: z.boolean().default(false),
});

const networkSchema = z.strictObject({
  bridge: z.string().default("vmbr0"),
  model: oneOf("model", "e1000", "e1000e", "rtl8139", "virtio", "vmxnet3").default("virtio"),
  firewall: z.boolean().default(false),
  macAddress: z.string().optional(),
  vlanId: z.int().default(0),
  mtu: z.int().default(0),
});

const hostPciSchema = z.strictObject({
  device: z.string(),
  mapping: z.string().optional(),
  id: z.string().optional(),
  pcie: z.boolean().default(false),
  rombar: z.boolean().default(true),
  xvga: z.boolean().default(false),
});

const ipSchema = z.strictObject({ address: z.string().optional(), gateway: z.string().optional() });

const initializationSchema = z.strictObject({
  datastoreId: z.string().default("local-lvm"),
  interface: z.string().default(""),
  dns: z.strictObject({ domain: z.string().optional(), servers: z.array(z.string()).default([]) }).optional(),
  ipConfigs: z.array(z.strictObject({ ipv4: ipSchema.optional(), ipv6: ipSchema.optional() })).default([]),
  userAccount: z
    .strictObject({
      username: z.string().optional(),
      password: z.string().optional(),
      keys: z.array(z.string()).default([]),
    })
    .optional(),
});

const agentSchema = z.strictObject({
  enabled: z.boolean().default(false),
  trim: z.boolean().default(false),
  type: oneOf("type", "isa", "virtio").default("virtio"),
  timeout: z
    .string()
    .refine((text) => duration.test(text), {
      error: ({ input }) => `expected value of timeout to be a duration - got: ${String(input)}`,
    })
    .default("15m"),
  waitForIp: z
    .strictObject({ disabled: z.boolean().optional(), ipv4: z.boolean().optional(), ipv6: z.boolean().optional() })
    .optional(),
});

export const vmSchema = z.strictObject({
  nodeName: z.string(),
  vmId: range("vm_id", 100, 2147483647),
  name: z
    .string()
    .refine((name) => dnsName.test(name), { error: `invalid value for name ${INVALID} DNS name)` })
    .default(""),
  description: z.string().default(""),
  tags: z.array(z.string()).default([]),
  poolId: z.string().default(""),
  machine: z
    .string()
    .refine((text) => machine.test(text), { error: `invalid value for machine ${INVALID} machine type)` })
    .default(""),
  bios: oneOf("bios", "ovmf", "seabios").default("seabios"),
  cpu: cpuSchema.prefault({}),
  memory: memorySchema.prefault({}),
  operatingSystem: z
    .strictObject({
      type: oneOf(
        "type",
        "l24",
        "l26",
        "other",
        "solaris",
        "w2k",
        "w2k3",
        "w2k8",
        "win7",
        "win8",
        "win10",
        "win11",
        "wvista",
        "wxp",
      ),
    })
    .default({ type: "other" }),
  scsiHardware: oneOf(
    "scsi_hardware",
    "lsi",
    "lsi53c810",
    "virtio-scsi-pci",
    "virtio-scsi-single",
    "megasas",
    "pvscsi",
  ).default("virtio-scsi-pci"),
  efiDisk: z
    .strictObject({
      datastoreId: z.string().default("local-lvm"),
      fileFormat: z.string().default("raw"),
      type: oneOf("type", "2m", "4m").default("2m"),
      preEnrolledKeys: z.boolean().default(false),
    })
    .optional(),
  disks: z.array(diskSchema).default([]),
  cdrom: z.strictObject({ fileId: z.string().default(""), interface: z.string().default("ide3") }).prefault({}),
  networkDevices: z.array(networkSchema).default([]),
  hostpcis: z.array(hostPciSchema).default([]),
  initialization: initializationSchema.optional(),
  agent: agentSchema.prefault({}),
  bootOrders: z.array(z.string()).default([]),
  startup: z
    .strictObject({ order: z.int().default(-1), upDelay: z.int().default(-1), downDelay: z.int().default(-1) })
    .optional(),
  onBoot: z.boolean().default(true),
  started: z.boolean().default(true),
  protection: z.boolean().default(false),
  rebootAfterUpdate: z.boolean().default(true),
  migrate: z.boolean().default(false),
  stopOnDestroy: z.boolean().default(false),
  purgeOnDestroy: z.boolean().default(true),
  deleteUnreferencedDisksOnDestroy: z.boolean().default(true),
  timeoutCreate: z.number().default(1800),
  timeoutStartVm: z.number().default(1800),
  timeoutShutdownVm: z.number().default(1800),
  timeoutStopVm: z.number().default(300),
});

export type VmInputs = z.output<typeof vmSchema>;
export type VmDisk = VmInputs["disks"][number];
