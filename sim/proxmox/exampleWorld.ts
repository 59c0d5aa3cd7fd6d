/** A cluster to start with: what a homelab has, small enough to read. */
import type { NodeState, PciDevice, TokenState, World } from "./world";

const GIB = 2 ** 30;

/** Everything that Tokenrack asks of its token. @see docs/proxmox.md */
export const TOKEN_PRIVILEGES: readonly string[] = [
  ...["VM.Allocate", "VM.Audit", "VM.Config.CPU", "VM.Config.Cloudinit", "VM.Config.Disk", "VM.Config.HWType"],
  ...["VM.Config.Memory", "VM.Config.Network", "VM.Config.Options", "VM.PowerMgmt", "VM.GuestAgent.Audit"],
  ...["Datastore.Allocate", "Datastore.AllocateSpace", "Datastore.AllocateTemplate", "Datastore.Audit"],
  ...["Mapping.Audit", "Mapping.Modify", "Mapping.Use", "Pool.Allocate", "Pool.Audit", "SDN.Use"],
  ...["Sys.AccessNetwork", "Sys.Audit", "Sys.Modify"],
];

/** A token with those privileges on everything. Its secret is no secret: it opens nothing real. */
export const exampleToken = (privileges: readonly string[] = TOKEN_PRIVILEGES): TokenState => ({
  id: "tokenrack@pve!stack",
  secret: "00000000-0000-0000-0000-000000000001",
  acl: [{ path: "/", privileges }],
});

/** As the provider's `apiToken` has it. */
export const tokenText = ({ id, secret }: TokenState): string => `${id}=${secret}`;

/** The kinds of GPU that the example has, with their sound functions. */
const CARDS = {
  "rtx-3090": { video: "0x2204", audio: "0x1aef", subsystem: "0x87af", name: "GA102 [GeForce RTX 3090]" },
  "rtx-3060": {
    video: "0x2504",
    audio: "0x228e",
    subsystem: "0x8810",
    name: "GA106 [GeForce RTX 3060 Lite Hash Rate]",
  },
} as const;

/** Both functions of a GPU, in an IOMMU group of their own. @param slot "0000:01:00" */
export function gpu(card: keyof typeof CARDS, slot: string, iommuGroup: number): readonly PciDevice[] {
  const { video, audio, subsystem, name } = CARDS[card];
  const common = { vendor: "0x10de", subsystemVendor: "0x1043", subsystemDevice: subsystem, iommuGroup };
  return [
    { ...common, id: `${slot}.0`, class: "0x030000", device: video, name },
    { ...common, id: `${slot}.1`, class: "0x040300", device: audio, name: `${name} sound` },
  ];
}

export const node = (name: string, ...devices: readonly (readonly PciDevice[])[]): NodeState => ({
  name,
  online: true,
  pci: devices.flat(),
  bridges: ["vmbr0"],
});

/** URL, size and checksum of the image that the example's internet serves. */
export const EXAMPLE_IMAGE = {
  url: "https://cloud.debian.org/images/cloud/trixie/20261101-2000/debian-13-genericcloud-amd64-20261101-2000.qcow2",
  bytes: 350 * 2 ** 20,
  sha256: "5eed".repeat(16),
  virtualBytes: 3 * GIB,
} as const;

/** Three nodes, four GPUs, one Ceph pool, one directory for images. */
export const exampleWorld = (changes: Partial<World> = {}): World => ({
  version: "9.0.10",
  nodes: [
    node("pve1", gpu("rtx-3090", "0000:01:00", 14)),
    node("pve2", gpu("rtx-3090", "0000:01:00", 14)),
    node("pve3", gpu("rtx-3090", "0000:01:00", 14), gpu("rtx-3060", "0000:02:00", 15)),
  ],
  storages: [
    { id: "local", type: "dir", content: ["iso", "vztmpl", "backup", "import", "snippets"], totalBytes: 100 * GIB },
    { id: "ceph", type: "rbd", content: ["images", "rootdir"], totalBytes: 10_000 * GIB },
    { id: "local-lvm", type: "lvmthin", content: ["images", "rootdir"], totalBytes: 1000 * GIB },
  ],
  volumes: [],
  vms: [],
  mappings: [],
  pools: [],
  tokens: [exampleToken()],
  remoteFiles: [EXAMPLE_IMAGE],
  tasks: [],
  taskPolls: 0,
  counter: 0,
  ...changes,
});
