import { parseProfile } from "../../../config/parse";
import { changed, proxmox, refuses } from "../stacks";

describe("hosts of a stack are refused with", () => {
  refuses(parseProfile, [
    [
      "9: one name twice",
      changed(proxmox, "hosts[1].name", "pve1"),
      [
        "hosts[1].name: found the name pve1, which is also hosts[0].name; expected each host's name once; fix: change hosts[1].name or hosts[0].name",
      ],
    ],
    [
      "one address twice",
      changed(proxmox, "hosts[1].address", "192.168.2.11"),
      [
        "hosts[1].address: found the address 192.168.2.11, which is also hosts[0].address; expected each host's address once; fix: change hosts[1].address or hosts[0].address",
      ],
    ],
    [
      "17: one GPU twice",
      changed(proxmox, "hosts[0].gpus[1]", { pci: "0000:01:00.0", card: "rtx-3090" }),
      [
        "hosts[0].gpus[1].pci: found the address 0000:01:00.0, which is also hosts[0].gpus[0].pci; expected each GPU once; fix: correct hosts[0].gpus[1].pci, or remove that entry",
      ],
    ],
    [
      "one name for two GPUs",
      changed(proxmox, "hosts[1].gpus[0].name", "gpu0"),
      [
        "hosts[1].gpus[0].name: found the name gpu0, which is also hosts[0].gpus[0].name; expected each GPU's name once; fix: change hosts[1].gpus[0].name or hosts[0].gpus[0].name",
      ],
    ],
    [
      "a bridge to a card that is not there, and one with three ends",
      changed(proxmox, "hosts[0]", {
        ...proxmox.hosts[0],
        gpus: ["01", "02", "03"].map((bus) => ({ pci: `0000:${bus}:00.0`, card: "rtx-3090" })),
        nvlink: [
          ["0000:01:00.0", "0000:02:00.0"],
          ["0000:02:00.0", "0000:04:00.0"],
        ],
      }),
      [
        "hosts[0].nvlink[1][1]: found 0000:04:00.0, which is no GPU of hosts[0]; expected one of 0000:01:00.0, 0000:02:00.0, 0000:03:00.0; fix: correct it, or add it to hosts[0].gpus",
        "hosts[0].nvlink[1][0]: found the address 0000:02:00.0, which is also hosts[0].nvlink[0][1]; expected each GPU in one pair: a bridge joins two; fix: change hosts[0].nvlink[1][0] or hosts[0].nvlink[0][1]",
      ],
    ],
    [
      "no memory left for VMs",
      changed(proxmox, "hosts[0].reservedGib", 128),
      [
        "hosts[0].reservedGib: found 128 GiB, and 128 GiB of memory in hosts[0]; expected less than the host's memory; fix: lower reservedGib, or correct memoryGib",
      ],
    ],
  ]);
});
