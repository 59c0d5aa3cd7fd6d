import assert from "node:assert/strict";
import { exampleToken, exampleWorld, TOKEN_PRIVILEGES } from "../../../sim/proxmox/exampleWorld";
import { Rights } from "../../../sim/proxmox/permissions";
import type { ProxmoxSim } from "../../../sim/proxmox/server";
import { data, GPU, gpuVm, MAP, send, startSim, tokenWithout, type Fields } from "./harness";

const rights = (acl: ReturnType<typeof exampleToken>["acl"]): Rights =>
  new Rights(exampleWorld({ pools: [{ id: "p", vmids: [101] }] }), { ...exampleToken(), acl });

describe("sim/proxmox/permissions", () => {
  it("lets the deepest path decide, and a pool add to its VMs", () => {
    const own = rights([
      { path: "/", privileges: ["VM.Audit"] },
      { path: "/vms/102", privileges: ["VM.Allocate"] },
      { path: "/pool/p", privileges: ["VM.PowerMgmt"] },
    ]);
    assert.equal(own.has("/vms/101", "VM.Audit", "VM.PowerMgmt"), true);
    assert.equal(own.has("/vms/102", "VM.Audit"), false);
    assert.equal(own.has("/vms/1020", "VM.Allocate"), false);
    assert.throws(() => own.need("/vms/102", "VM.Audit"), /Permission check failed \(\/vms\/102, VM\.Audit\)/);
    assert.throws(() => own.needAny("/", "Sys.Audit", "Sys.Modify"), /\(\/, Sys\.Audit\|Sys\.Modify\)/);
  });

  describe("over the API, one privilege missing at a time", () => {
    let sim: ProxmoxSim;
    afterEach(() => sim.close());

    const vm: Fields = gpuVm(101, {
      hostpci0: GPU,
      startup: "order=1",
      ide2: "file=ceph:cloudinit",
      ciuser: "me",
      serial0: "socket",
    });
    const on = (path: string, privilege: string): string => `Permission check failed (${path}, ${privilege})`;
    const cases: readonly (readonly [string, string, string, Fields, string])[] = [
      ["VM.Allocate", "POST", "nodes/pve1/qemu", vm, "Permission check failed"],
      ["Datastore.AllocateSpace", "POST", "nodes/pve1/qemu", vm, on("/storage/ceph", "Datastore.AllocateSpace")],
      ["VM.Config.CPU", "POST", "nodes/pve1/qemu", vm, on("/vms/101", "VM.Config.CPU")],
      ["VM.Config.Memory", "POST", "nodes/pve1/qemu", vm, on("/vms/101", "VM.Config.Memory")],
      ["VM.Config.HWType", "POST", "nodes/pve1/qemu", vm, on("/vms/101", "VM.Config.HWType")],
      ["VM.Config.Options", "POST", "nodes/pve1/qemu", vm, on("/vms/101", "VM.Config.Options")],
      ["VM.Config.Network", "POST", "nodes/pve1/qemu", vm, on("/vms/101", "VM.Config.Network")],
      ["Sys.Modify", "POST", "nodes/pve1/qemu", vm, on("/", "Sys.Modify")],
      ["Mapping.Use", "POST", "nodes/pve1/qemu", vm, on("/mapping/pci/gpu0", "Mapping.Use")],
      ["SDN.Use", "POST", "nodes/pve1/qemu", vm, on("/sdn/zones/localnetwork/vmbr0", "SDN.Use")],
      [
        "SDN.Use",
        "POST",
        "nodes/pve1/qemu",
        { ...vm, net0: "model=virtio,bridge=vmbr0,tag=7" },
        on("/sdn/zones/localnetwork/vmbr0/7", "SDN.Use"),
      ],
      ["Sys.Console", "POST", "nodes/pve1/qemu", { ...vm, ide3: "file=cdrom,media=cdrom" }, on("/", "Sys.Console")],
      ["Mapping.Modify", "POST", "cluster/mapping/pci", { id: "gpu1", map: MAP }, on("/mapping/pci", "Mapping.Modify")],
      [
        "Datastore.AllocateTemplate",
        "POST",
        "nodes/pve1/storage/local/download-url",
        { url: "https://x/y", content: "import", filename: "y.qcow2" },
        on("/storage/local", "Datastore.AllocateTemplate"),
      ],
      ["Pool.Allocate", "POST", "pools", { poolid: "x" }, on("/pool/x", "Pool.Allocate")],
      ["VM.PowerMgmt", "POST", "nodes/pve1/qemu/100/status/start", {}, on("/vms/100", "VM.PowerMgmt")],
      ["VM.Audit", "GET", "nodes/pve1/qemu/100/config", {}, on("/vms/100", "VM.Audit")],
      ["VM.Allocate", "DELETE", "nodes/pve1/qemu/100", {}, on("/vms/100", "VM.Allocate")],
    ];
    for (const [privilege, method, path, fields, message] of cases)
      it(`${method} ${path} without ${privilege}: "${message}"`, async () => {
        const world = { vms: [{ vmid: 100, node: "pve1", config: {} }], mappings: [{ id: "gpu0", map: [MAP] }] };
        sim = await startSim({ ...world, tokens: [tokenWithout(privilege)] });
        const before = sim.exportWorld();
        const reply = await send(sim, method, path, fields);
        assert.deepEqual([reply.status, reply.message], [403, message]);
        assert.deepEqual(sim.exportWorld(), before);
      });

    it("all of them together are enough, and the token may ask which it has", async () => {
      sim = await startSim({ mappings: [{ id: "gpu0", map: [MAP] }] });
      await data(sim, "POST", "nodes/pve1/qemu", vm);
      const found = (await data(sim, "GET", "access/permissions")) as Record<string, object>;
      assert.deepEqual(Object.keys(found["/"] ?? {}), TOKEN_PRIVILEGES.toSorted());
    });

    it("says by path what holds there: the usual paths and those with an entry, without those where nothing does", async () => {
      const acl = [
        { path: "/", privileges: ["VM.Audit"] },
        { path: "/storage", privileges: [] },
        { path: "/vms/100", privileges: ["VM.Allocate"] },
      ];
      sim = await startSim({ tokens: [{ ...exampleToken(), acl }] });
      const audit = { "VM.Audit": 1 };
      assert.deepEqual(await data(sim, "GET", "access/permissions"), {
        ...{ "/": audit, "/access": audit, "/access/groups": audit, "/nodes": audit, "/pool": audit, "/sdn": audit },
        ...{ "/vms": audit, "/vms/100": { "VM.Allocate": 1 } },
      });
      assert.deepEqual(await data(sim, "GET", "access/permissions", { path: "/nodes/x" }), { "/nodes/x": audit });
    });

    it("a VM that the token may not see is in no list", async () => {
      const acl = [...exampleToken().acl, { path: "/vms/100", privileges: [] }];
      sim = await startSim({ vms: [{ vmid: 100, node: "pve1", config: {} }], tokens: [{ ...exampleToken(), acl }] });
      assert.deepEqual(await data(sim, "GET", "cluster/resources", { type: "vm" }), []);
      assert.deepEqual(await data(sim, "GET", "nodes/pve1/qemu"), []);
      assert.equal((await send(sim, "GET", "cluster/nextid", { vmid: "100" })).status, 400);
    });
  });
});
