import assert from "node:assert/strict";
import type { SimOptions } from "../../sim/host/simHost";
import { Bench, but, faultsOf, files, plan } from "./support";

const state = "var/lib/tokenrack/vfio";

describe("scripts/vfio-restore (simulated host)", function () {
  this.timeout(60_000);
  for (const loader of ["grub", "systemd-boot"] satisfies SimOptions["loader"][])
    it(`${loader}: puts every file back as it was, for the next boot`, async () => {
      const bench = await Bench.start({ loader });
      const { host } = bench;
      try {
        const before = files(host);
        await bench.bringUp();
        assert.equal(await bench.run("restore"), `{"tokenrack":"vfio-restore","restored":${restored(loader)}}`);
        const menu = "boot/grub/grub.cfg";
        assert.deepEqual(but(menu, files(host)), but(menu, before));
        assert.doesNotMatch(files(host)[menu] ?? "", /iommu/);
        await host.reboot();
        const looked = await bench.look();
        assert.deepEqual(
          looked.gpus[0]?.functions.map(({ driver }) => driver),
          ["nouveau", "snd_hda_intel"],
        );
        // Nothing is left to do, and what is kept is kept.
        const fingerprint = host.fingerprint();
        assert.equal(await bench.run("restore"), '{"tokenrack":"vfio-restore","restored":[]}');
        assert.deepEqual(host.fingerprint(), fingerprint);
        await bench.bringUp();
        assert.equal(host.reboots, 3);
      } finally {
        await bench.stop();
      }
    });

  it("refuses before any change where somebody changed a file, or where a backup is damaged", async () => {
    const bench = await Bench.start({ loader: "systemd-boot" });
    const { host } = bench;
    try {
      await bench.run("apply");
      host.write("etc/modules-load.d/tokenrack-vfio.conf", "mine\n");
      const backup = /(\S+)\n?$/.exec(host.read(`${state}/manifest`).split("\n")[0] ?? "")?.[1] ?? "";
      assert.match(backup, /^\/var\/lib\/tokenrack\/vfio\/backups\/etc_kernel_cmdline\.[0-9a-f]{16}\.\d{8}T\d{6}Z$/);
      host.write(backup, "damaged\n");
      const fingerprint = files(host);
      const faults = faultsOf(await bench.failure("restore"));
      assert.deepEqual(
        faults.map(({ checked }) => checked),
        [`backup ${backup}`, "/etc/modules-load.d/tokenrack-vfio.conf"],
      );
      assert.deepEqual(files(host), fingerprint);
    } finally {
      await bench.stop();
    }
  });

  it("keeps one backup of each content, the first of all, and goes back to what the owner wrote last", async () => {
    const bench = await Bench.start({ loader: "systemd-boot" });
    const { host } = bench;
    try {
      await bench.run("apply");
      await bench.run("apply", { ...plan, acsOverride: true });
      assert.match(
        host.read("etc/kernel/cmdline"),
        / intel_iommu=on iommu=pt pcie_acs_override=downstream,multifunction\n$/,
      );
      await bench.run("apply");
      assert.match(host.read("etc/kernel/cmdline"), / quiet intel_iommu=on iommu=pt\n$/);
      const own = "root=ZFS=rpool/ROOT/pve-1 boot=zfs quiet mitigations=auto\n";
      host.write("etc/kernel/cmdline", own);
      await bench.run("apply");
      assert.match(host.read("etc/kernel/cmdline"), / mitigations=auto intel_iommu=on iommu=pt\n$/);
      await bench.run("restore");
      assert.equal(host.read("etc/kernel/cmdline"), own);
    } finally {
      await bench.stop();
    }
  });

  it("leaves alone what others have set up already", async () => {
    const bench = await Bench.start({
      files: {
        // As the article has it.
        "etc/default/grub": 'GRUB_CMDLINE_LINUX_DEFAULT="quiet intel_iommu=on iommu=pt"\n',
        "etc/modules": "vfio\nvfio_iommu_type1\nvfio-pci\n",
        "etc/modprobe.d/blacklist.conf": "blacklist nouveau\nblacklist  nvidia # both\n",
        "etc/modprobe.d/vfio.conf":
          "options vfio-pci ids=10de:1db4,10de:2204 disable_vga=1\nsoftdep nouveau pre: vfio-pci\nsoftdep nvidia pre: vfio-pci\nsoftdep nvidiafb pre: vfio-pci\n",
      },
    });
    try {
      await bench.run("apply");
      const written = Object.keys(files(bench.host)).filter((path) => path.includes("tokenrack"));
      assert.deepEqual(written, ["etc/modprobe.d/zz-tokenrack-vfio.conf", "boot/initrd.d/zz-tokenrack-vfio.conf"]);
      assert.deepEqual(bench.host.read("etc/modprobe.d/zz-tokenrack-vfio.conf").split("\n").slice(1, -1), [
        "softdep snd_hda_intel pre: vfio-pci",
        "options vfio-pci ids=10de:1aef,10de:1db4,10de:2204",
      ]);
    } finally {
      await bench.stop();
    }
  });

  it("stops where a tool fails, reboots nothing, and goes on from there", async () => {
    const bench = await Bench.start();
    try {
      bench.host.write(".sim/boot-full", "");
      const message = await bench.failure("apply");
      assert.match(message, /No space left on device/);
      assert.equal(faultsOf(message)[0]?.checked, "update-initramfs -u -k all");
      assert.match(
        faultsOf(await bench.failure("reboot"))[0]?.found ?? "",
        /; a step that a killed run left: initramfs$/,
      );
      bench.host.rm(".sim/boot-full");
      await bench.bringUp();
      assert.equal(bench.host.reboots, 1);
    } finally {
      await bench.stop();
    }
  });
});

const restored = (loader: string): string =>
  JSON.stringify(
    [
      loader === "grub" ? "/etc/default/grub.d/zz-tokenrack-vfio.cfg" : "/etc/kernel/cmdline",
      "/etc/modprobe.d/zz-tokenrack-vfio.conf",
      "/etc/modules-load.d/tokenrack-vfio.conf",
    ].sort(),
  );
