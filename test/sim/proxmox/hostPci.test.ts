import assert from "node:assert/strict";
import type { ProxmoxSim } from "../../../sim/proxmox/server";
import { data, GPU, gpuVm, MAP, outcome, startSim } from "./harness";

describe("sim/proxmox/hostPci: what Proxmox checks when a VM with a GPU starts", () => {
  let sim: ProxmoxSim;
  beforeEach(async () => (sim = await startSim()));
  afterEach(() => sim.close());

  const map = (text: string, more: Record<string, string> = {}): Promise<unknown> =>
    data(sim, "POST", "cluster/mapping/pci", { id: "gpu0", map: text, ...more });
  const start = async (vmid: number, more: Record<string, string> = {}, node = "pve1"): Promise<string> => {
    await outcome(sim, "POST", `nodes/${node}/qemu`, gpuVm(vmid, { hostpci0: GPU, ...more }));
    return outcome(sim, "POST", `nodes/${node}/qemu/${vmid}/status/start`);
  };

  it("gives the whole card to one VM, and to the next one only when the first has stopped", async () => {
    await map(MAP);
    assert.equal(await start(101), "OK");
    assert.deepEqual(sim.world.vms[0]?.running?.devices, ["0000:01:00.0", "0000:01:00.1"]);
    assert.equal(await start(102), "PCI device '0000:01:00.0' already in use by VMID '101'");
    await outcome(sim, "POST", "nodes/pve1/qemu/101/status/stop");
    assert.equal(await outcome(sim, "POST", "nodes/pve1/qemu/102/status/start"), "OK");
    assert.equal(
      await outcome(sim, "POST", "nodes/pve1/qemu/101/status/start"),
      "PCI device '0000:01:00.0' already in use by VMID '102'",
    );
  });

  it("takes another free card of a mapping that has several", async () => {
    const entry = (slot: string, group: number, id: string, sub: string): string =>
      `id=10de:${id},node=pve3,path=${slot},iommugroup=${group},subsystem-id=1043:${sub}`;
    await data(sim, "POST", "cluster/mapping/pci", {
      id: "gpu0",
      map: [entry("0000:01:00", 14, "2204", "87af"), entry("0000:02:00", 15, "2504", "8810")],
    });
    assert.equal(await start(101, {}, "pve3"), "OK");
    assert.equal(await start(102, {}, "pve3"), "OK");
    assert.equal(await start(103, {}, "pve3"), "could not find a free device for 'hostpci0'");
  });

  it("refuses one card twice in one VM", async () => {
    await map(MAP);
    assert.equal(await start(101, { hostpci1: GPU }), "device '0000:01:00.0' assigned more than once");
  });

  const invalid = "PCI device mapping invalid (hardware probably changed): ";
  const wrong: readonly (readonly [string, string, string])[] = [
    ["another card", MAP.replace("2204", "2504"), `${invalid}'id' does not match for 'gpu0' (10de:2204 != 10de:2504)`],
    [
      "another group",
      MAP.replace("group=14", "group=15"),
      `${invalid}'iommugroup' does not match for 'gpu0' (14 != 15)`,
    ],
    [
      "another maker",
      MAP.replace("87af", "0000"),
      `${invalid}'subsystem-id' does not match for 'gpu0' (1043:87af != 1043:0000)`,
    ],
    [
      "no group",
      MAP.replace(",iommugroup=14", ""),
      `${invalid}missing expected property 'iommugroup' for device '0000:01:00.0'`,
    ],
    [
      "no subsystem",
      MAP.replace(",subsystem-id=1043:87af", ""),
      `${invalid}missing expected property 'subsystem-id' for device '0000:01:00.0'`,
    ],
    ["an empty slot", MAP.replace("0000:01:00", "0000:09:00"), `${invalid}pci device '0000:09:00.0' not found`],
    ["another node", MAP.replace("pve1", "pve2"), "PCI device mapping not found for 'gpu0'"],
  ];
  for (const [what, text, message] of wrong)
    it(`refuses a mapping of ${what}`, async () => {
      await map(text);
      assert.equal(await start(101), message);
      assert.equal(sim.world.vms[0]?.running, undefined);
    });

  it("refuses a mapping that is not there, and PCIe without q35", async () => {
    assert.equal(await start(101), "PCI device mapping not found for 'gpu0'");
    await map(MAP);
    assert.equal(await start(102, { machine: "pc" }), "q35 machine model is not enabled");
    assert.equal(await start(103, { machine: "pc-q35-9.2" }), "OK");
  });

  it("checks mappings for a node when asked", async () => {
    await map(MAP.replace("2204", "2504"));
    const [found] = (await data(sim, "GET", "cluster/mapping/pci", { "check-node": "pve1" })) as { checks: unknown }[];
    assert.deepEqual(found?.checks, [
      { severity: "error", message: "Invalid configuration: 'id' does not match for 'gpu0' (10de:2204 != 10de:2504)" },
    ]);
  });
});
