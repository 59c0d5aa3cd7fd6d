import assert from "node:assert/strict";
import { judgeIommu, judgeSsh } from "../../../../cli/doctor/judge/hosts";
import type { HostLook } from "../../../../cli/preview/look";

const gpu = { pci: "0000:65:00.0", id: "10de:2204", driver: "vfio-pci", group: 21, others: [] };
const well: HostLook = {
  ...{ host: "pve1", reached: true, pve: "9.0.10", reboot: [], mayReboot: false, writes: [], drift: [] },
  ...{ gpus: [gpu], faults: [] },
};
const fault = { checked: "IOMMU in the firmware", found: "off", expected: "on", fix: "switch VT-d on" };

describe("the judgement of hosts", () => {
  it("tells those that do not answer by name", () => {
    const { findings, seen } = judgeSsh([well, { ...well, host: "pve2", reached: false, faults: [fault] }]);
    assert.deepEqual(
      findings.map(({ checked }) => checked),
      ["host pve2: IOMMU in the firmware"],
    );
    assert.equal(seen, "1 of 2 hosts answer (Proxmox VE 9.0.10)");
  });

  const cases: readonly (readonly [what: string, change: Partial<HostLook>, found: string | undefined, fix: RegExp])[] =
    [
      ["well", {}, undefined, /(?:)/],
      ["refused", { faults: [fault], reboot: ["x"] }, "off", /VT-d/],
      [
        "changed by hand",
        { drift: ["modprobe.d is gone"], reboot: ["x"] },
        "modprobe.d is gone",
        /--replace '\*\*::vfio-pve1-inspect'/,
      ],
      ["in need of a reboot that it may not have", { reboot: ["no iommu=pt"] }, "no iommu=pt", /reboot: ifNeeded/],
      ["in need of a reboot", { reboot: ["no iommu=pt"], mayReboot: true }, "no iommu=pt", /^pulumi up/],
      ["without its settings", { writes: ["modprobe.d"] }, "missing: modprobe.d", /^pulumi up/],
    ];
  for (const [what, change, found, fix] of cases) {
    it(`knows one that is ${what}`, () => {
      const { findings } = judgeIommu([{ ...well, ...change }]);
      assert.deepEqual(findings[0]?.found, found);
      assert.match(findings[0]?.fix ?? "", fix);
    });
  }

  it("counts GPUs that no driver of the host has", () => {
    const seen = judgeIommu([{ ...well, gpus: [gpu, { ...gpu, driver: "nouveau" }] }]).seen;
    assert.equal(seen, "1 of 2 GPUs are free for passthrough");
  });
});
