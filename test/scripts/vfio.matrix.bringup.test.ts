import assert from "node:assert/strict";
import { passthroughGpus } from "../../render/vfio";
import type { SimOptions } from "../../sim/host/simHost";
import { Bench, gpu, plan } from "./support";

const cpus = ["intel", "amd"] as const;
const loaders = ["grub", "systemd-boot"] as const;
const kernels = ["6.2", "6.8"] as const;

/** The words that a boot must get: Intel's IOMMU has to be asked for up to kernel 6.7, AMD's never. */
const wordsOf = ({ cpu, kernel }: Pick<SimOptions, "cpu" | "kernel">): string =>
  cpu === "intel" && kernel !== "6.8" ? "quiet intel_iommu=on iommu=pt" : "quiet iommu=pt";

/** Partitions of proxmox-boot-tool under GRUB, and kernels before 6.2, make a difference of their own: one case each. */
const cases = [
  ...cpus.flatMap((cpu) => loaders.flatMap((loader) => kernels.map((kernel) => ({ cpu, loader, kernel })))),
  { cpu: "intel", loader: "grub-esp", kernel: "6.8" },
  { cpu: "intel", loader: "grub", kernel: "5.15" },
] as const;

/** Real sshd, shell, scripts and files; what the kernel and Proxmox's tools make of them is simulated. */
describe("scripts/vfio on every kind of host (simulated)", function () {
  this.timeout(60_000);
  for (const its of cases)
    it(`${its.cpu}, ${its.loader}, ${its.kernel}: one reboot, then nothing more is written`, async () => {
      const bench = await Bench.start(its);
      const { host } = bench;
      try {
        const before = host.bootId();
        const verified = await bench.bringUp();
        assert.equal(host.reboots, 1);
        assert.notEqual(verified.bootId, before);
        assert.equal(verified.loader, its.loader === "grub-esp" ? "grub" : its.loader);
        assert.ok(verified.commandLine.endsWith(` ${wordsOf(its)}`), verified.commandLine);
        assert.deepEqual([verified.missing, verified.ineffective, verified.faults], [[], [], []]);
        const functions = verified.gpus[0]?.functions.map(({ pci, driver }) => [pci, driver]);
        assert.deepEqual(functions, [
          [gpu, "vfio-pci"],
          ["0000:65:00.1", "vfio-pci"],
        ]);
        assert.deepEqual(passthroughGpus(verified), [
          {
            pci: gpu,
            slot: "0000:65:00",
            id: "10de:2204",
            subsystemId: "1458:403b",
            iommuGroup: 20,
            functions: [gpu, "0000:65:00.1"],
          },
        ]);
        const modules = host.read("etc/modules-load.d/tokenrack-vfio.conf").split("\n").slice(1, -1);
        const virqfd = its.kernel === "5.15" ? ["vfio_virqfd"] : [];
        assert.deepEqual(modules, ["vfio", "vfio_iommu_type1", "vfio_pci", ...virqfd]);

        const [fingerprint, calls] = [host.fingerprint(), host.log()];
        const again = await bench.bringUp();
        assert.equal(again.bootId, verified.bootId);
        assert.deepEqual(host.fingerprint(), fingerprint);
        assert.deepEqual(host.log(), calls);
      } finally {
        await bench.stop();
      }
    });

  it("reads the ids of all four functions of a card with USB-C", async () => {
    const bench = await Bench.start({ gpus: [{ pci: gpu, card: "rtx-2080-ti" }] });
    try {
      const verified = await bench.bringUp(plan);
      assert.deepEqual(
        verified.gpus[0]?.functions.map(({ driver }) => driver),
        Array(4).fill("vfio-pci"),
      );
      assert.match(
        bench.host.read("etc/modprobe.d/zz-tokenrack-vfio.conf"),
        /^options vfio-pci ids=10de:10f7,10de:1ad6,10de:1ad7,10de:1e07$/m,
      );
    } finally {
      await bench.stop();
    }
  });
});
