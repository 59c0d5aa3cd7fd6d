import assert from "node:assert/strict";
import { createForm, settingsForm } from "../../../../engine/standins/proxmoxve/vmForm";
import { vmSchema } from "../../../../engine/standins/proxmoxve/vmInputs";
import { gib, liveInputs, macAddresses } from "../../../../engine/standins/proxmoxve/vmLive";
import type { Properties } from "../../../../engine/standins/values";

const given: Properties = {
  nodeName: "pve1",
  vmId: 101,
  name: "vm",
  tags: ["a", "b"],
  memory: { dedicated: 8192, floating: 0 },
  cpu: { cores: 4, type: "host", numa: true },
  disks: [{ interface: "scsi0", datastoreId: "ceph", size: 60, importFrom: "local:import/x.qcow2", ssd: true }],
  hostpcis: [{ device: "hostpci0", mapping: "gpu0", pcie: true }],
  networkDevices: [{ bridge: "vmbr0" }],
  initialization: {
    datastoreId: "ceph",
    ipConfigs: [{ ipv4: { address: "10.0.0.2/24", gateway: "10.0.0.1" } }],
    userAccount: { keys: ["ssh-ed25519 A b"] },
  },
  started: true,
};
const config = {
  name: "vm",
  tags: "a;b",
  memory: "8192",
  balloon: "0",
  cores: "4",
  cpu: "host",
  numa: "1",
  scsi0: "ceph:vm-101-disk-0,size=60G,ssd=1",
  ide2: "ceph:vm-101-cloudinit,media=cdrom",
  hostpci0: "mapping=gpu0,pcie=1,rombar=1,x-vga=0",
  net0: "virtio=BC:24:11:00:00:01,bridge=vmbr0",
  ipconfig0: "gw=10.0.0.1,ip=10.0.0.2/24",
  sshkeys: "ssh-ed25519%20A%20b",
};
const live = (more: Record<string, string> = {}, running = true): Properties =>
  liveInputs(given, { ...config, ...more }, running, "pve1", "");

describe("proxmoxve stand-in: what a refresh finds", () => {
  it("is what was given, when nobody changed anything", () => {
    assert.deepEqual(live(), given);
  });

  const changes: readonly (readonly [string, Record<string, string>, Properties])[] = [
    ["memory", { memory: "4096" }, { memory: { dedicated: 4096, floating: 0 } }],
    ["cores", { cores: "2" }, { cpu: { cores: 2, type: "host", numa: true } }],
    ["tags", { tags: "b" }, { tags: ["b"] }],
    [
      "a mapping",
      { hostpci0: "mapping=gpu1,pcie=1" },
      { hostpcis: [{ device: "hostpci0", mapping: "gpu1", pcie: true }] },
    ],
    ["a bridge", { net0: "virtio=BC:24:11:00:00:01,bridge=vmbr1" }, { networkDevices: [{ bridge: "vmbr1" }] }],
  ];
  for (const [what, change, expected] of changes)
    it(`shows a changed ${what}, and nothing else`, () => {
      assert.deepEqual(live(change), { ...given, ...expected });
    });

  it("shows a VM that was stopped, and a disk or GPU that was added", () => {
    assert.equal(live({}, false)["started"], false);
    assert.equal((live({ scsi1: "ceph:vm-101-disk-1,size=1G" })["disks"] as unknown[]).length, 2);
    assert.equal((live({ hostpci1: "mapping=gpu1" })["hostpcis"] as unknown[]).length, 2);
  });

  it("reads sizes and MAC addresses", () => {
    assert.deepEqual([gib("60G"), gib("1T"), gib("528K"), gib(undefined)], [60, 1024, 0, 0]);
    assert.deepEqual(macAddresses(config), ["BC:24:11:00:00:01"]);
  });
});

describe("proxmoxve stand-in: the form of a VM", () => {
  it("is the official plugin's", () => {
    const form = createForm(vmSchema.parse(given));
    assert.equal(
      form["scsi0"],
      "file=ceph:0,import-from=local:import/x.qcow2,size=64424509440,aio=io_uring,backup=1,iothread=0,ssd=1,discard=ignore,cache=none,replicate=1",
    );
    assert.equal(form["hostpci0"], "mapping=gpu0,pcie=1,rombar=1,x-vga=0");
    assert.equal(form["net0"], "model=virtio,bridge=vmbr0,firewall=0");
    assert.deepEqual(
      [form["ide2"], form["ide3"], form["vmid"], form["template"]],
      ["file=ceph:cloudinit", "file=cdrom,media=cdrom", "101", "0"],
    );
    assert.deepEqual([form["ipconfig0"], form["sshkeys"]], ["gw=10.0.0.1,ip=10.0.0.2/24", "ssh-ed25519%20A%20b"]);
    assert.equal(form["boot"], "order=ide3;scsi0;net0");
  });

  it("leaves drives out of what a change sets", () => {
    const names = Object.keys(settingsForm(vmSchema.parse(given)));
    assert.ok(!names.some((name) => /^(?:scsi\d|ide\d|efidisk0|vmid)$/.test(name)), String(names));
  });
});
