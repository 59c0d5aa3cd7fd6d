import assert from "node:assert/strict";
import { renderVm, wholeCard } from "../../render/vm";
import { ownerTagOf } from "../../render/vmOwnership";
import { gpuVm, master, site } from "../components/vms";

describe("render/vm", () => {
  it("gives a GPU VM what passthrough needs", () => {
    const vm = renderVm(gpuVm, site);
    assert.deepEqual(
      [vm.machine, vm.bios, vm.cpu, vm.memory],
      ["q35", "ovmf", { type: "host", cores: 4, sockets: 1, numa: true }, { dedicated: 8192, floating: 0 }],
    );
    assert.deepEqual(vm.efiDisk, { datastoreId: "ceph", type: "4m", fileFormat: "raw", preEnrolledKeys: false });
    assert.deepEqual(
      vm.hostPcis,
      [0, 1].map((index) => ({ device: `hostpci${index}`, pcie: true, rombar: true, xvga: false })),
    );
    assert.deepEqual([vm.timeoutStartVm, renderVm(master, site).timeoutStartVm], [3600, 600]);
    assert.deepEqual([vm.rebootAfterUpdate, vm.migrate, vm.stopOnDestroy], [false, false, true]);
  });

  it("puts a VM into its network and its place in the start order", () => {
    const { networkDevice, cloudInit, startup, nodeName, vmId } = renderVm(master, site);
    assert.deepEqual(networkDevice, { bridge: "vmbr1", model: "virtio", vlanId: 7, mtu: 9000 });
    assert.deepEqual(cloudInit.ipConfigs, [{ ipv4: { address: "192.168.3.51/23", gateway: "192.168.2.1" } }]);
    assert.deepEqual(
      [cloudInit.dns, cloudInit.username, startup, nodeName, vmId],
      [{ servers: ["192.168.2.2", "192.168.2.3"] }, "deckhouse", { order: 1 }, "pve1", 10000],
    );
    const { prefix, gateway, dns } = site.network;
    const network = { prefix, gateway, dns, bridge: "vmbr1" };
    assert.deepEqual(renderVm(master, { ...site, network }).networkDevice, { bridge: "vmbr1", model: "virtio" });
  });

  it("tags sorted as Proxmox keeps them, with one that says whose it is", () => {
    const { tags } = renderVm(gpuVm, { ...site, stack: "Home_Lab" });
    assert.deepEqual(tags, ["tokenrack", "tokenrack-w-gpu", "tokenrack.home_lab.w-gpu-1"]);
    for (const tag of tags) assert.match(tag, /^[a-z0-9_][a-z0-9_\-+.]*$/);
    assert.equal(ownerTagOf(tags), "tokenrack.home_lab.w-gpu-1");
  });

  it("names the whole card", () => {
    assert.equal(wholeCard("0000:01:00.0"), "0000:01:00");
  });
});
