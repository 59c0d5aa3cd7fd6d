import { parseProfile } from "../../../config/parse";
import { changed, proxmox, refuses } from "../stacks";

describe("a stack on Proxmox refuses, of its pools,", () => {
  refuses(parseProfile, [
    [
      "22: an id that Proxmox keeps",
      changed(proxmox, "pools[1].firstVmid", 99),
      [
        "pools[1].firstVmid: found number 99; expected a VM id from 100 to 999999999: Proxmox keeps those below; fix: correct it, or remove it to get the default",
      ],
    ],
    [
      "24: memory without a unit",
      changed(changed(proxmox, "pools[1].memory", 24), "pools[1].memoryGib", undefined),
      [
        "pools[1].memoryGib: found nothing; expected a whole number of GiB from 1 to 32768; fix: add `pools[1].memoryGib`",
        "pools[1].memory: found an unknown key; expected one of name, role, count, cores, memoryGib, diskGib, addresses, card, gpusPerNode, taint, labels, firstVmid, hosts, maxPerHost, protect, nodes; fix: write `memoryGib`, a whole number of GiB",
      ],
    ],
    [
      "24: memory with the unit in the wrong place",
      changed(proxmox, "pools[1].memoryGib", "24GiB"),
      ['pools[1].memoryGib: found text "24GiB"; expected a whole number of GiB from 1 to 32768; fix: correct it'],
    ],
    [
      "25: a balloon",
      changed(proxmox, "pools[1].balloon", 1024),
      [
        "pools[1].balloon: found an unknown key; expected one of name, role, count, cores, memoryGib, diskGib, addresses, card, gpusPerNode, taint, labels, firstVmid, hosts, maxPerHost, protect, nodes; fix: remove it: memory is never ballooned, since passthrough pins all of it",
      ],
    ],
    [
      "26: a machine without PCIe",
      changed(proxmox, "pools[1].machine", "i440fx"),
      [
        "pools[1].machine: found an unknown key; expected one of name, role, count, cores, memoryGib, diskGib, addresses, card, gpusPerNode, taint, labels, firstVmid, hosts, maxPerHost, protect, nodes; fix: remove it: the plan sets it to q35, which PCIe passthrough needs",
      ],
    ],
    [
      "27: a BIOS that large cards do not start with",
      changed(proxmox, "pools[1].bios", "seabios"),
      [
        "pools[1].bios: found an unknown key; expected one of name, role, count, cores, memoryGib, diskGib, addresses, card, gpusPerNode, taint, labels, firstVmid, hosts, maxPerHost, protect, nodes; fix: remove it: the plan sets it to ovmf with an EFI disk, which cards with large memory windows need",
      ],
    ],
    [
      "28: a processor without vector instructions",
      changed(proxmox, "pools[1].cpu", { type: "kvm64" }),
      [
        "pools[1].cpu: found an unknown key; expected one of name, role, count, cores, memoryGib, diskGib, addresses, card, gpusPerNode, taint, labels, firstVmid, hosts, maxPerHost, protect, nodes; fix: remove it: the plan sets it to host: other types lack the vector instructions that vLLM and Ray are built with",
      ],
    ],
    [
      "30: an address that is none",
      changed(proxmox, "pools[0].addresses", ["192.168.2.300"]),
      [
        'pools[0].addresses[0]: found text "192.168.2.300"; expected an IPv4 address, or a range like "192.168.3.61-192.168.3.63"; fix: correct it, or remove it from the list',
      ],
    ],
    [
      "a range that runs backwards",
      changed(proxmox, "pools[0].addresses", ["192.168.2.9-192.168.2.1"]),
      [
        'pools[0].addresses[0]: found text "192.168.2.9-192.168.2.1"; expected an IPv4 address, or a range like "192.168.3.61-192.168.3.63"; fix: correct it, or remove it from the list',
      ],
    ],
    [
      "33: a name that is none, of a pool and of a node",
      changed(changed(proxmox, "pools[1].name", "GPU_1"), "pools[0].nodes", [{ name: "Master.1" }]),
      [
        'pools[0].nodes[0].name: found text "Master.1"; expected 1 to 63 lower-case letters, digits and dashes that start and end with a letter or digit (RFC 1123); fix: write `master-1`',
        'pools[1].name: found text "GPU_1"; expected 1 to 42 lower-case letters, digits and dashes that start and end with a letter or digit; fix: write `gpu-1`',
      ],
    ],
    [
      "a taint without a key",
      changed(proxmox, "pools[1].taint", { effect: "Never" }),
      [
        'pools[1].taint.key: found nothing; expected a Kubernetes label key, like "dedicated.example.org" or "example.org/role"; fix: add `pools[1].taint.key`',
        'pools[1].taint.effect: found text "Never"; expected NoSchedule, PreferNoSchedule or NoExecute; fix: correct it, or remove it to get the default',
      ],
    ],
  ]);
});
