import { local } from "@pulumi/command";
import assert from "node:assert/strict";
import { isWrapped, record, unknown, type Recorder, type Registration } from "../support/mocks";
import { settle, valueOf } from "../support/settle";
import type { VmFleet } from "../../components/vmFleet";
import { deviceOf } from "../../components/gpuVm";
import { devices, fleetArgs, gpuVm, image, makeFleet, outputs } from "./vms";

const types = {
  vm: "proxmoxve:index/vmLegacy:VmLegacy",
  mapping: "proxmoxve:hardware/mapping/pci:Pci",
  file: "proxmoxve:download/file:File",
  pool: "proxmoxve:index/poolLegacy:PoolLegacy",
} as const;

const run = async (
  preview: boolean,
  changes: Parameters<typeof fleetArgs>[0] = {},
): Promise<{ recorder: Recorder; fleet: VmFleet }> => {
  const recorder = await record({ preview, outputs, stack: "homelab" });
  const fleet = makeFleet(changes);
  await settle(recorder, fleet);
  return { recorder, fleet };
};
const path = ({ urn }: Registration): string =>
  urn.slice("urn:pulumi:homelab::tokenrack::".length).replaceAll("tokenrack:index:", "");
const ofType = ({ registered }: Recorder, type: string): readonly Registration[] =>
  registered.filter((one) => one.type === type);
const only = (recorder: Recorder, type: string, name: string): Registration => {
  const [found, ...more] = ofType(recorder, type).filter((one) => one.name === name);
  assert.ok(
    found !== undefined && more.length === 0,
    `${name}: ${recorder.registered.map((one) => one.name).join(", ")}`,
  );
  return found;
};

for (const preview of [false, true])
  describe(`VmFleet in ${preview ? "a preview" : "an up"}`, () => {
    it("registers images by host, one pool, and each VM below itself", async () => {
      const { recorder } = await run(preview);
      // A URN of the mocks has one parent, not all.
      assert.deepEqual(recorder.registered.map(path).toSorted(), [
        "CloudImages$proxmoxve:download/file:File::vms-image-pve1",
        "CloudImages$proxmoxve:download/file:File::vms-image-pve2",
        "GpuVm$ProxmoxVm::w-gpu-1",
        "GpuVm$proxmoxve:hardware/mapping/pci:Pci::w-gpu-1-0000:65:00.0",
        "GpuVm$proxmoxve:hardware/mapping/pci:Pci::w-gpu-1-0000:b3:00.0",
        "ProxmoxVm$proxmoxve:index/vmLegacy:VmLegacy::master-1-vm",
        "ProxmoxVm$proxmoxve:index/vmLegacy:VmLegacy::w-db-1-vm",
        "ProxmoxVm$proxmoxve:index/vmLegacy:VmLegacy::w-gpu-1-vm",
        "VmFleet$CloudImages::vms-image",
        "VmFleet$GpuVm::w-gpu-1",
        "VmFleet$ProxmoxVm::master-1",
        "VmFleet$ProxmoxVm::w-db-1",
        "VmFleet$proxmoxve:index/poolLegacy:PoolLegacy::vms-pool",
        "VmFleet::vms",
      ]);
    });

    it("tells the address of each VM, known once it was started", async () => {
      const { recorder, fleet } = await run(preview);
      const addresses = await Promise.all(
        Object.entries(fleet.addresses).map(async ([name, one]) => [name, await valueOf(one)]),
      );
      const known: [string, string][] = [
        ["master-1", "192.168.3.51"],
        ["w-db-1", "192.168.3.67"],
        ["w-gpu-1", "192.168.3.54"],
      ];
      // A given id is known in a preview, and the address with it.
      assert.deepEqual(addresses, known);
      const { addresses: registered } = recorder.outputs.get(recorder.get("vms").urn) ?? {};
      assert.deepEqual(registered, Object.fromEntries(known));
      for (const { custom, urn } of recorder.registered) assert.ok(custom || recorder.outputs.has(urn), urn);
    });
  });

describe("VmFleet's machines", () => {
  it("are told by the id and the network card that Proxmox gave them, and are unknown before they are made", async () => {
    const { recorder, fleet } = await run(false);
    assert.equal(await valueOf(fleet.machines["w-gpu-1"] ?? assert.fail()), "w-gpu-1-vm-id BC:24:11:W-GPU-1-VM");
    assert.deepEqual(Object.keys(fleet.machines), ["master-1", "w-db-1", "w-gpu-1"]);
    assert.equal(await valueOf(fleet.resource("w-gpu-1").urn), only(recorder, types.vm, "w-gpu-1-vm").urn);
    assert.throws(() => fleet.resource("w-9"), /no VM w-9/);
    const preview = await run(true);
    const { machines } = preview.recorder.outputs.get(preview.recorder.get("vms").urn) ?? {};
    assert.deepEqual(machines, { "master-1": unknown, "w-db-1": unknown, "w-gpu-1": unknown });
  });
});

describe("VmFleet's resources", () => {
  it("protect masters and pools with data, and let the old VM go before the new one comes", async () => {
    const { recorder } = await run(false);
    const vms = ofType(recorder, types.vm);
    assert.deepEqual(Object.fromEntries<boolean>(vms.map(({ name, protect }) => [name, protect])), {
      "master-1-vm": true,
      "w-db-1-vm": true,
      "w-gpu-1-vm": false,
    });
    for (const one of vms) {
      assert.equal(one.deleteBeforeReplace, true);
      assert.deepEqual(one.ignoreChanges, ["disks[0].speed", "disks[0].importFrom"]);
      assert.deepEqual(one.hooks, [["vm-ownership"], ["vm-ownership"], ["vm-ownership"]]);
    }
    assert.deepEqual(recorder.get("vms-pool").hooks, [["leftover-pool"], [], []]);
    for (const one of ofType(recorder, types.mapping)) assert.deepEqual(one.hooks, [["leftover-mapping"], [], []]);
  });

  it("map each GPU as it was found: the whole card, by its own name", async () => {
    const { recorder } = await run(false);
    const mapping = only(recorder, types.mapping, "w-gpu-1-0000:65:00.0");
    const map = { node: "pve1", path: "0000:65:00", id: "10de:2204", subsystemId: "1043:87af", iommuGroup: 21 };
    assert.deepEqual(mapping.inputs, {
      name: "gpu-pve1-0000-65-00-0",
      comment: "rtx-3090 of w-gpu-1, Tokenrack stack homelab",
      maps: [map],
    });
    assert.deepEqual([mapping.deleteBeforeReplace, mapping.replaceOnChanges], [true, ["name"]]);
    const { hostpcis } = only(recorder, types.vm, "w-gpu-1-vm").inputs;
    assert.deepEqual(
      hostpcis,
      ["65", "b3"].map((slot, index) => ({
        device: `hostpci${index}`,
        mapping: `gpu-pve1-0000-${slot}-00-0`,
        pcie: true,
        rombar: true,
        xvga: false,
      })),
    );
    assert.deepEqual(only(recorder, types.vm, "master-1-vm").inputs["hostpcis"], []);
  });

  it("take the image of their own host, once a host and with its checksum", async () => {
    const { recorder } = await run(false);
    const file = only(recorder, types.file, "vms-image-pve2").inputs;
    const { url, fileName, checksum, checksumAlgorithm } = image;
    assert.deepEqual(file, {
      contentType: "import",
      datastoreId: "local",
      nodeName: "pve2",
      url,
      fileName,
      checksum,
      checksumAlgorithm,
      overwrite: false,
      uploadTimeout: 1800,
    });
    const shared = await run(false, { imageShared: true });
    assert.deepEqual(
      ofType(shared.recorder, types.file).map(({ name }) => name),
      ["vms-image-pve1"],
    );
    const importFrom = ofType(shared.recorder, types.vm).map(
      ({ inputs }) => (inputs["disks"] as { importFrom: unknown }[])[0]?.importFrom,
    );
    assert.equal(new Set(importFrom).size, 1);
  });

  it("go into the stack's pool and open for its key", async () => {
    const { recorder } = await run(false);
    assert.deepEqual(recorder.get("vms-pool").inputs, {
      poolId: "tokenrack-homelab",
      comment: "Tokenrack stack homelab",
    });
    const { poolId, initialization } = only(recorder, types.vm, "master-1-vm").inputs;
    assert.equal(poolId, "tokenrack-homelab");
    assert.deepEqual((initialization as { userAccount: unknown }).userAccount, {
      username: "deckhouse",
      keys: ["ssh-ed25519 AAAA test"],
    });
  });

  it("wait for the GPUs only where there are some: what is unknown of one host holds up no other VM", async () => {
    const later = new Promise<typeof devices>(() => undefined);
    const recorder = await record({ preview: false, outputs, stack: "homelab" });
    makeFleet({ devices: { pve1: later } });
    while (ofType(recorder, types.vm).length < 2) await new Promise((done) => setImmediate(done));
    assert.deepEqual(
      ofType(recorder, types.vm)
        .map(({ name }) => name)
        .toSorted(),
      ["master-1-vm", "w-db-1-vm"],
    );
    assert.deepEqual(ofType(recorder, types.mapping), []);
  });

  it("wait with image and VMs for their host where that is readied, whether or not they have a GPU", async () => {
    const recorder = await record({ preview: false, outputs, stack: "homelab" });
    // Is never registered, as its input never comes.
    const later = new local.Command("never", { create: new Promise<string>(() => undefined) });
    makeFleet({ settled: { pve1: later } });
    const made = (): readonly string[] => recorder.registered.filter(({ custom }) => custom).map(({ name }) => name);
    while (!made().includes("w-db-1-vm") || ofType(recorder, types.mapping).length < 2)
      await new Promise((done) => setImmediate(done));
    // Mappings wait for what the host says of its GPUs.
    assert.deepEqual(made().toSorted(), [
      "vms-image-pve2",
      "vms-pool",
      "w-db-1-vm",
      "w-gpu-1-0000:65:00.0",
      "w-gpu-1-0000:b3:00.0",
    ]);
  });

  it("are known in a first preview, but for what only the host knows", async () => {
    const { recorder } = await run(true);
    const [map] = only(recorder, types.mapping, "w-gpu-1-0000:65:00.0").inputs["maps"] as Record<string, unknown>[];
    assert.equal(map?.["id"], "10de:2204");
    const [disk] = only(recorder, types.vm, "master-1-vm").inputs["disks"] as Record<string, unknown>[];
    assert.deepEqual([disk?.["size"], disk?.["importFrom"]], [60, unknown]);
  });

  it("hold no secret", async () => {
    const { recorder } = await run(false);
    for (const { inputs } of recorder.registered) assert.ok(!Object.values(inputs).some(isWrapped));
  });

  it("refuse a GPU that its host does not have, naming what it has", () => {
    const [gpu] = gpuVm.gpus;
    assert.ok(gpu !== undefined);
    assert.equal(deviceOf(devices, gpu, "pve1").iommuGroup, 21);
    assert.throws(() => deviceOf(devices, { ...gpu, pci: "0000:99:00.0" }, "pve1"), {
      message:
        "pve1 has no GPU pve1-gpu-65 at 0000:99:00.0; found 0000:b3:00.0, 0000:17:00.0, 0000:65:00.0: correct hosts[*].gpus",
    });
    assert.throws(() => deviceOf([], gpu, "pve1"), /found none/);
  });
});
