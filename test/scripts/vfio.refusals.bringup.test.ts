import assert from "node:assert/strict";
import type { VfioHostPlan, VfioStage } from "../../render/vfio";
import type { SimOptions } from "../../sim/host/simHost";
import { Bench, faultsOf, gpu, plan } from "./support";

interface Refusal {
  readonly name: string;
  readonly host?: Partial<SimOptions>;
  readonly plan?: Partial<VfioHostPlan>;
  /** One pattern a field: checked, found, expected, fix. */
  readonly faults: readonly (readonly [RegExp, RegExp, RegExp, RegExp])[];
}

const second = "0000:b3:00.0";
const amd = { cpu: "amd", kernel: "6.8" } as const;

const refusals: readonly Refusal[] = [
  {
    name: "the IOMMU is off in the firmware of an Intel host",
    host: { iommuInFirmware: false },
    faults: [
      [
        /^IOMMU in the firmware$/,
        /no ACPI table DMAR: it is switched off/,
        /^ACPI table DMAR$/,
        /switch on VT-d in the firmware's settings of pve1/,
      ],
    ],
  },
  {
    name: "the IOMMU is off in the firmware of an AMD host",
    host: { ...amd, iommuInFirmware: false },
    faults: [[/^IOMMU in the firmware$/, /no ACPI table IVRS/, /^ACPI table IVRS$/, /IOMMU and SVM/]],
  },
  {
    name: "the command line switches the IOMMU off",
    host: { files: { "etc/default/grub": 'GRUB_CMDLINE_LINUX_DEFAULT="quiet intel_iommu=off"\n' } },
    faults: [[/^kernel command line$/, /switched off/, /no iommu=off/, /take the word out/]],
  },
  {
    name: "the command line has ids of its own",
    host: { files: { "etc/default/grub": 'GRUB_CMDLINE_LINUX_DEFAULT="quiet vfio-pci.ids=10de:1db4"\n' } },
    faults: [[/^kernel command line$/, /vfio-pci\.ids=/, /modprobe\.d alone/, /take vfio-pci\.ids= out/]],
  },
  {
    name: "a foreign device is in the group",
    host: { ...amd, foreignInGroup: true },
    faults: [
      [
        /^IOMMU group of 0000:65:00\.0$/,
        /^group 20 also has 0000:66:00\.0 \(8086:1533, igb\)$/,
        /only the functions of the card, bridges/,
        /another slot; or set acsOverride: true for pve1/,
      ],
    ],
  },
  {
    name: "two GPUs of one group go to two VMs",
    host: {
      ...amd,
      gpus: [
        { pci: gpu, card: "rtx-3090" },
        { pci: second, card: "rtx-3060", group: 20 },
      ],
    },
    plan: {
      gpus: [
        { pci: gpu, vm: "gpu-1" },
        { pci: second, vm: "gpu-2" },
      ],
    },
    faults: [
      [
        /^IOMMU group of 0000:65:00\.0$/,
        /0000:b3:00\.0 \(10de:2503, nouveau\), 0000:b3:00\.1/,
        /GPUs of the same VM/,
        /another slot/,
      ],
      [
        /^IOMMU group of 0000:b3:00\.0$/,
        /0000:65:00\.0 \(10de:2204, nouveau\), 0000:65:00\.1/,
        /GPUs of the same VM/,
        /another slot/,
      ],
    ],
  },
  {
    name: "a running VM uses the GPU",
    host: { vm: { id: 101, name: "render", pci: gpu } },
    faults: [
      [/^VMs that run with 0000:65:00\.0$/, /^VM 101 \(render\) runs with it$/, /^no running VM$/, /qm shutdown 101/],
    ],
  },
  {
    name: "the GPU is the host's only display",
    host: { primaryDisplay: "gpu-only" },
    faults: [
      [
        /^primary display$/,
        /0000:65:00\.0 is the only display of pve1/,
        /^another one$/,
        /onboard graphics.*allowPrimaryGpu: true/,
      ],
    ],
  },
  {
    name: "the GPU is the display that the host starts with, and there is another",
    host: { primaryDisplay: "gpu" },
    faults: [[/^primary display$/, /it also has 0000:05:00\.0/, /^another one$/, /primary display in the firmware/]],
  },
  {
    name: "there is nothing at the address",
    plan: { gpus: [{ pci: "0000:17:00.0" }] },
    faults: [
      [
        /^PCI address 0000:17:00\.0$/,
        /^no device there; graphics devices of pve1: 0000:05:00\.0 \(1a03:2000, ast\), 0000:65:00\.0 \(10de:2204, nouveau\)$/,
        /^an NVIDIA graphics card$/,
        /correct the address/,
      ],
      [
        /^other NVIDIA cards$/,
        /0000:65:00\.0 \(10de:2204, nouveau\) is in use by pve1 and not in the stack/,
        /blacklisted/,
        /add it to hosts\[\]\.gpus/,
      ],
    ],
  },
  {
    name: "something else is at the address",
    plan: { gpus: [{ pci: gpu }, { pci: "0000:66:00.0" }] },
    faults: [
      [
        /^PCI address 0000:66:00\.0$/,
        /^0000:66:00\.0 \(8086:1533, igb\), class 020000; graphics/,
        /^an NVIDIA graphics card$/,
        /correct the address/,
      ],
    ],
  },
  {
    name: "another card of the same kind is the host's own",
    host: {
      gpus: [
        { pci: gpu, card: "rtx-3090" },
        { pci: second, card: "rtx-3090" },
      ],
    },
    faults: [
      [
        /^other devices with the same id$/,
        /0000:b3:00\.0 \(10de:2204, nouveau\)/,
        /vfio-pci takes every device/,
        /add its card/,
      ],
      [
        /^other devices with the same id$/,
        /0000:b3:00\.1 \(10de:1aef, snd_hda_intel\)/,
        /vfio-pci takes every device/,
        /add its card/,
      ],
    ],
  },
  {
    name: "the boot loader is another one",
    host: { loader: "refind" },
    faults: [[/^boot loader$/, /^unknown$/, /^GRUB, or systemd-boot under proxmox-boot-tool$/, /by hand/]],
  },
];

describe("scripts/vfio refuse before any change (simulated host)", function () {
  this.timeout(30_000);
  for (const { name, host: its, plan: ask, faults } of refusals)
    it(name, async () => {
      const bench = await Bench.start(its);
      try {
        const asked = { ...plan, ...ask };
        const fingerprint = bench.host.fingerprint();
        for (const stage of ["inspect", "apply"] satisfies VfioStage[]) {
          const message = await bench.failure(stage, asked);
          assert.match(
            message,
            new RegExp(`^Process exited with status 3: running "sh -s ${stage}":\npve1: refused before any change\n`),
          );
          const found = faultsOf(message);
          assert.equal(found.length, faults.length, message);
          faults.forEach(([checked, what, expected, fix], index) => {
            const fault = found[index];
            assert.match(fault?.checked ?? "", checked);
            assert.match(fault?.found ?? "", what);
            assert.match(fault?.expected ?? "", expected);
            assert.match(fault?.fix ?? "", fix);
          });
        }
        // The same faults as data, and no failure: for a preview.
        const looked = await bench.look(asked);
        assert.deepEqual(looked.faults, faultsOf(await bench.failure("inspect", asked)));
        assert.deepEqual(bench.host.fingerprint(), fingerprint);
        assert.deepEqual(bench.host.log(), []);
        assert.equal(bench.host.reboots, 0);
      } finally {
        await bench.stop();
      }
    });

  it("and not where the same is asked for by name", async () => {
    const bench = await Bench.start({ ...amd, primaryDisplay: "gpu-only", foreignInGroup: true });
    try {
      const verified = await bench.bringUp({ ...plan, allowPrimaryGpu: true, acsOverride: true });
      assert.match(verified.commandLine, / pcie_acs_override=downstream,multifunction$/);
      assert.deepEqual(verified.gpus[0]?.groupMembers, []);
    } finally {
      await bench.stop();
    }
  });

  it("and not a host that is as wanted, whose GPU is in use", async () => {
    const bench = await Bench.start();
    try {
      await bench.bringUp();
      await bench.host.startVm(101, gpu);
      const verified = await bench.bringUp();
      assert.deepEqual(verified.gpus[0]?.vms, [{ id: 101, name: null }]);
      assert.equal(bench.host.reboots, 1);
    } finally {
      await bench.stop();
    }
  });
});
