import assert from "node:assert/strict";
import type { ProxmoxSim } from "../../../sim/proxmox/server";
import { data, gpuVm, NOW, outcome, send, startSim } from "./harness";

const IMAGE = {
  volid: "local:import/debian.qcow2",
  storage: "local",
  node: "pve1",
  content: "import",
  format: "qcow2",
  size: 3 * 2 ** 30,
  used: 2 ** 28,
};

describe("sim/proxmox/vmConfig", () => {
  let sim: ProxmoxSim;
  beforeEach(async () => (sim = await startSim({ volumes: [IMAGE] })));
  afterEach(() => sim.close());

  const create = (vmid: number, more: Record<string, string> = {}): Promise<string> =>
    outcome(sim, "POST", "nodes/pve1/qemu", gpuVm(vmid, more));
  const config = async (vmid: number): Promise<Record<string, unknown>> =>
    (await data(sim, "GET", `nodes/pve1/qemu/${vmid}/config`)) as Record<string, unknown>;

  it("makes a VM whose configuration reads as Proxmox's: numbers, memory as a text, disks by volume", async () => {
    assert.equal(await create(101, { ide2: "file=ceph:cloudinit,", description: "mine", onboot: "1" }), "OK");
    const found = await config(101);
    assert.deepEqual([found["cores"], found["memory"], found["balloon"], found["onboot"]], [4, "8192", 0, 1]);
    assert.deepEqual([found["tags"], found["description"]], ["a;b", "mine\n"]);
    assert.equal(found["efidisk0"], "ceph:vm-101-disk-0,efitype=4m,pre-enrolled-keys=0,size=1M");
    assert.equal(found["scsi0"], "ceph:vm-101-disk-1,discard=on,size=32G");
    assert.equal(found["ide2"], "ceph:vm-101-cloudinit,media=cdrom");
    assert.match(String(found["net0"]), /^virtio=BC:24:11(:[0-9A-F]{2}){3},bridge=vmbr0$/);
    assert.match(String(found["smbios1"]), /^uuid=/);
    assert.match(String(found["digest"]), /^[0-9a-f]{40}$/);
    assert.match(String(found["meta"]), new RegExp(`ctime=${NOW}$`));
  });

  it("imports an image, which then grows but never shrinks", async () => {
    assert.equal(await create(101, { scsi0: "file=ceph:0,import-from=local:import/debian.qcow2,format=raw" }), "OK");
    assert.equal((await config(101))["scsi0"], "ceph:vm-101-disk-1,size=3G");
    const resize = (size: string): Promise<string> =>
      outcome(sim, "PUT", "nodes/pve1/qemu/101/resize", { disk: "scsi0", size });
    assert.equal(await resize(String(60 * 2 ** 30)), "OK");
    assert.equal((await config(101))["scsi0"], "ceph:vm-101-disk-1,size=60G");
    assert.equal(await resize("+4G"), "OK");
    assert.equal(await resize("1G"), "shrinking disks is not supported");
    assert.equal((await config(101))["scsi0"], "ceph:vm-101-disk-1,size=64G");
  });

  const refused: readonly (readonly [string, Record<string, string>, number, RegExp])[] = [
    ["an id below 100", { vmid: "99" }, 400, /Parameter verification failed/],
    ["a name that is none", { name: "GPU_1" }, 400, /Parameter verification failed/],
    ["a BIOS that is none", { bios: "efi" }, 400, /Parameter verification failed/],
    ["an unknown parameter", { colour: "red" }, 400, /Parameter verification failed/],
    ["a disk where no disks are kept", { scsi0: "file=local:32" }, 400, /Parameter verification failed/],
    ["a storage that is not there", { scsi0: "file=nfs:32" }, 500, /storage 'nfs' does not exist/],
    ["a bridge that is not there", { net0: "model=virtio,bridge=vmbr9" }, 500, /bridge 'vmbr9' does not exist/],
    ["a pool that is not there", { pool: "x" }, 403, /pool 'x' does not exist/],
    [
      "a device without a mapping",
      { hostpci0: "host=0000:01:00,pcie=1" },
      500,
      /only root can set 'hostpci0' config for non-mapped devices/,
    ],
    ["what only root may set", { args: "-cpu x" }, 500, /only root can set 'args' config/],
  ];
  for (const [what, more, status, message] of refused)
    it(`refuses ${what}`, async () => {
      const before = sim.exportWorld();
      const reply = await send(sim, "POST", "nodes/pve1/qemu", gpuVm(101, more));
      assert.equal(reply.status, status, reply.message);
      assert.match(reply.message, message);
      assert.deepEqual(sim.exportWorld(), before);
    });

  it("gives an id once in the cluster, on whatever node", async () => {
    await create(101);
    const again = await send(sim, "POST", "nodes/pve2/qemu", gpuVm(101));
    assert.deepEqual(
      [again.status, again.message],
      [500, "unable to create VM 101 - VM 101 already exists on node 'pve1'"],
    );
    assert.deepEqual(await data(sim, "GET", "cluster/nextid", {}), "100");
    assert.equal((await send(sim, "GET", "cluster/nextid", { vmid: "101" })).status, 400);
  });

  it("leaves nothing behind when making the disks fails", async () => {
    const message = await create(101, { scsi0: "file=ceph:0,import-from=local:import/none.qcow2" });
    assert.match(message, /^unable to create VM 101 - cannot import from 'local:import\/none.qcow2'/);
    assert.deepEqual([sim.world.vms, sim.world.volumes], [[], [IMAGE]]);
  });

  it("lets changes of a running VM wait for its next start", async () => {
    await create(101);
    await outcome(sim, "POST", "nodes/pve1/qemu/101/status/start");
    await data(sim, "PUT", "nodes/pve1/qemu/101/config", { memory: "16384", delete: "balloon" });
    assert.equal((await config(101))["memory"], "16384");
    const current = (await data(sim, "GET", "nodes/pve1/qemu/101/config", { current: "1" })) as Record<string, unknown>;
    assert.deepEqual([current["memory"], current["balloon"]], ["8192", 0]);
    const pending = (await data(sim, "GET", "nodes/pve1/qemu/101/pending")) as { key: string }[];
    assert.deepEqual(
      pending.filter(({ key }) => key === "memory" || key === "balloon"),
      [
        { key: "balloon", value: 0, delete: 1 },
        { key: "memory", value: "8192", pending: "16384" },
      ],
    );
  });

  it("keeps the volume of a disk that is taken off a VM, as unused", async () => {
    await create(101);
    await data(sim, "PUT", "nodes/pve1/qemu/101/config", { delete: "scsi0" });
    const found = await config(101);
    assert.deepEqual([found["scsi0"], found["unused0"]], [undefined, "ceph:vm-101-disk-1"]);
  });

  it("deletes a stopped VM with all that is its own, and nothing else", async () => {
    await create(101);
    await create(102);
    await outcome(sim, "POST", "nodes/pve1/qemu/101/status/start");
    const running = await send(sim, "DELETE", "nodes/pve1/qemu/101");
    assert.equal(running.message, "VM 101 is running - destroy failed");
    await outcome(sim, "POST", "nodes/pve1/qemu/101/status/stop");
    assert.equal(
      await outcome(sim, "DELETE", "nodes/pve1/qemu/101/", { purge: "1", "destroy-unreferenced-disks": "1" }),
      "OK",
    );
    assert.deepEqual(
      sim.world.vms.map(({ vmid }) => vmid),
      [102],
    );
    assert.deepEqual(
      sim.world.volumes.filter(({ vmid }) => vmid === 101),
      [],
    );
    const gone = await send(sim, "GET", "nodes/pve1/qemu/101/status/current");
    assert.deepEqual(
      [gone.status, gone.message],
      [500, "Configuration file 'nodes/pve1/qemu-server/101.conf' does not exist"],
    );
  });

  it("does not delete what is protected", async () => {
    await create(101, { protection: "1" });
    assert.match((await send(sim, "DELETE", "nodes/pve1/qemu/101")).message, /protection mode enabled/);
  });
});
