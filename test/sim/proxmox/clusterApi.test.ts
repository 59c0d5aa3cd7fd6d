import assert from "node:assert/strict";
import type { ProxmoxSim } from "../../../sim/proxmox/server";
import { data, GPU, gpuVm, MAP, outcome, send, startSim } from "./harness";

describe("sim/proxmox: nodes, mappings, pools, tasks, agents", () => {
  let sim: ProxmoxSim;
  beforeEach(async () => (sim = await startSim()));
  afterEach(() => sim.close());

  it("lists nodes and their PCI devices, without bridges unless asked", async () => {
    assert.deepEqual(
      ((await data(sim, "GET", "nodes")) as { node: string }[]).map(({ node }) => node),
      ["pve1", "pve2", "pve3"],
    );
    const devices = (await data(sim, "GET", "nodes/pve3/hardware/pci")) as { id: string; iommugroup: number }[];
    assert.deepEqual(
      devices.map(({ id, iommugroup }) => [id, iommugroup]),
      [
        ["0000:01:00.0", 14],
        ["0000:01:00.1", 14],
        ["0000:02:00.0", 15],
        ["0000:02:00.1", 15],
      ],
    );
    assert.deepEqual(await data(sim, "GET", "nodes/pve1/hardware/pci", { "pci-class-blacklist": "03;04" }), []);
  });

  it("keeps mappings: made once, changed, deleted; missing ones are told apart", async () => {
    const path = "cluster/mapping/pci";
    await data(sim, "POST", path, { id: "gpu0", map: MAP, description: "first" });
    const again = await send(sim, "POST", path, { id: "gpu0", map: MAP });
    assert.deepEqual(
      [again.status, again.message],
      [500, "create hardware mapping failed: pci ID 'gpu0' already defined"],
    );
    await data(sim, "PUT", `${path}/gpu0`, { map: [MAP, MAP.replace("pve1", "pve2")], delete: "description" });
    const found = (await data(sim, "GET", `${path}/gpu0`)) as Record<string, unknown>;
    assert.deepEqual(
      [found["type"], found["map"], found["description"]],
      ["pci", [MAP, MAP.replace("pve1", "pve2")], undefined],
    );
    await data(sim, "DELETE", `${path}/gpu0`);
    await data(sim, "DELETE", `${path}/gpu0`);
    assert.equal((await send(sim, "GET", `${path}/gpu0`)).message, "mapping 'gpu0' not found");
    assert.match((await send(sim, "PUT", `${path}/gpu0`, { map: MAP })).message, /pci ID 'gpu0' does not exist/);
    for (const map of [
      "id=x,node=pve1,path=0000:01:00",
      "id=10de:2204,path=0000:01:00",
      "id=10de:2204,node=pve1,path=01:00",
    ]) {
      assert.equal((await send(sim, "POST", path, { id: "gpu1", map })).status, 400, map);
    }
  });

  it("keeps pools with their VMs", async () => {
    await data(sim, "POST", "pools", { poolid: "p", comment: "ours" });
    await outcome(sim, "POST", "nodes/pve1/qemu", gpuVm(101, { pool: "p" }));
    await outcome(sim, "POST", "nodes/pve1/qemu", gpuVm(102));
    const members = async (): Promise<string[]> => {
      const [pool] = (await data(sim, "GET", "pools", { poolid: "p" })) as { members: { id: string }[] }[];
      return pool?.members.map(({ id }) => id) ?? [];
    };
    assert.deepEqual(await members(), ["qemu/101"]);
    await data(sim, "PUT", "pools?poolid=p", { vms: "102" });
    assert.deepEqual(await members(), ["qemu/101", "qemu/102"]);
    await data(sim, "PUT", "pools?poolid=p", { vms: "101", delete: "1" });
    assert.match((await send(sim, "DELETE", "pools?poolid=p")).message, /is not empty/);
    await outcome(sim, "DELETE", "nodes/pve1/qemu/102/", { purge: "1" });
    await data(sim, "DELETE", "pools?poolid=p");
    assert.match((await send(sim, "GET", "pools", { poolid: "p" })).message, /pool 'p' does not exist/);
  });

  it("lists VMs with node, state, tags and pool", async () => {
    await outcome(sim, "POST", "nodes/pve2/qemu", gpuVm(101));
    const [vm] = (await data(sim, "GET", "cluster/resources", { type: "vm" })) as Record<string, unknown>[];
    assert.deepEqual([vm?.["id"], vm?.["node"], vm?.["status"], vm?.["tags"]], ["qemu/101", "pve2", "stopped", "a;b"]);
  });

  it("lets a task run for as many questions as it is told, then gives its end and its log", async () => {
    sim.world.taskPolls = 1;
    const upid = String(await data(sim, "POST", "nodes/pve1/qemu", gpuVm(101, { hostpci0: GPU })));
    assert.match(upid, /^UPID:pve1:[0-9A-F]{8}:[0-9A-F]{8}:[0-9A-F]{8}:qmcreate:101:tokenrack@pve!stack:$/);
    const path = `nodes/pve1/tasks/${encodeURIComponent(upid)}`;
    const status = async (): Promise<unknown[]> => {
      const found = (await data(sim, "GET", `${path}/status`)) as Record<string, unknown>;
      return [found["status"], found["exitstatus"]];
    };
    assert.deepEqual(await status(), ["running", undefined]);
    assert.deepEqual(await status(), ["stopped", "OK"]);
    assert.deepEqual(await data(sim, "GET", `${path}/log`), [{ n: 1, t: "TASK OK" }]);
    assert.equal((await send(sim, "GET", "nodes/pve1/tasks/UPID:none/status")).status, 500);
  });

  it("answers for guests: no agent configured, none running, one that has an address", async () => {
    await outcome(sim, "POST", "nodes/pve1/qemu", gpuVm(101, { agent: "enabled=1" }));
    const ask = (): ReturnType<typeof send> => send(sim, "GET", "nodes/pve1/qemu/101/agent/network-get-interfaces");
    assert.match((await ask()).message, /is not running/);
    await outcome(sim, "POST", "nodes/pve1/qemu/101/status/start");
    assert.equal((await ask()).message, "QEMU guest agent is not running");
    assert.equal(
      await outcome(sim, "POST", "nodes/pve1/qemu/101/status/shutdown"),
      "VM quit/powerdown failed - got timeout",
    );
    const [vm] = sim.world.vms;
    assert.ok(vm !== undefined);
    vm.guestAddress = "192.168.2.10";
    const { result } = (await ask()).data as { result: { name: string }[] };
    assert.deepEqual(
      result.map(({ name }) => name),
      ["lo", "eth0"],
    );
    assert.equal((await send(sim, "POST", "nodes/pve1/qemu/101/agent/ping")).status, 200);
    assert.equal(await outcome(sim, "POST", "nodes/pve1/qemu/101/status/reboot"), "OK");
    assert.equal(await outcome(sim, "POST", "nodes/pve1/qemu/101/status/shutdown"), "OK");
  });

  it("does not reach a node that is off", async () => {
    sim.world.nodes.forEach((node) => (node.online = node.name !== "pve2"));
    assert.equal((await send(sim, "POST", "nodes/pve2/qemu", gpuVm(101))).status, 500);
  });
});
