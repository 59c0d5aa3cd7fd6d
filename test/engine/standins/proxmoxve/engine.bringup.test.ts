import * as proxmox from "@muhlba91/pulumi-proxmoxve";
import type * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import type { ProxmoxSim } from "../../../../sim/proxmox/server";
import type { VmState, World } from "../../../../sim/proxmox/world";
import { startSim, tokenWithout } from "../../../sim/proxmox/harness";
import { failure, findEngine, type Engine } from "../../harness";
import { inWords, Rig, twoVms, vm } from "./rig";

const none = { create: 0, update: 0, replace: 0, delete: 0 };
const ours = "tokenrack;tokenrack-w;tokenrack.dev.w-1";
const foreign = (tags: string | undefined, vmid = 10001): VmState => ({
  vmid,
  node: "pve2",
  config: { name: "db", memory: "4096", ...(tags === undefined ? {} : { tags }) },
});

/** On the real engine. That the official plugin does the same against this simulator is not proven here. */
describe("VMs on the real Pulumi engine with the proxmoxve stand-in", function () {
  this.timeout(60_000);
  let engine: Engine;
  let sim: ProxmoxSim;
  let rig: Rig;

  before(async function () {
    this.timeout(31 * 60_000);
    engine = await findEngine("proxmoxve");
  });
  const begin = async (changes: Partial<World> = {}): Promise<void> => {
    sim = await startSim(changes);
    rig = new Rig(engine, sim);
  };
  afterEach(async () => {
    rig.project.remove();
    await sim.close();
  });

  it("makes image, mapping, pool and VMs; then nothing changes, and a preview asks nothing", async () => {
    await begin();
    const stack = await rig.open();
    assert.equal((await stack.preview()).create, 12);
    assert.deepEqual(sim.takeRequests(), []);
    await stack.up();
    const requests = sim.takeRequests().map(inWords);
    const made = requests.filter((one) => /^(POST|PUT|DELETE)/.test(one)).toSorted();
    assert.deepEqual(made, [
      "POST cluster/mapping/pci",
      "POST nodes/pve1/qemu",
      "POST nodes/pve1/qemu",
      "POST nodes/pve1/qemu/10001/status/start",
      "POST nodes/pve1/qemu/10002/status/start",
      "POST nodes/pve1/storage/local/download-url",
      "POST pools",
      "PUT nodes/pve1/qemu/10001/resize",
      "PUT nodes/pve1/qemu/10002/resize",
    ]);
    assert.deepEqual(
      sim.world.vms.map(({ vmid, config, running }) => [vmid, config["tags"], running?.devices.length]).toSorted(),
      [
        [10001, ours, 0],
        [10002, "tokenrack;tokenrack-w;tokenrack.dev.w-gpu-1", 2],
      ],
    );
    assert.deepEqual(await stack.preview(), { same: 12, ...none });
    assert.deepEqual(await stack.up(), { same: 12, ...none });
    assert.deepEqual(sim.takeRequests(), []);
  });

  it("changes memory without a restart, adds a VM and takes one away, each by itself", async () => {
    await begin();
    const stack = await rig.open();
    await stack.up();
    rig.takeWrites();
    rig.vms = twoVms.map((one) => ({ ...one, memoryGib: one.name === "w-1" ? 16 : 8 }));
    assert.deepEqual(await stack.up(), { same: 11, ...none, update: 1 });
    assert.deepEqual(rig.takeWrites(), ["PUT nodes/pve1/qemu/10001/config"]);
    const [first] = sim.world.vms.filter(({ vmid }) => vmid === 10001);
    assert.deepEqual([first?.config["memory"], first?.running?.config["memory"]], ["16384", "8192"]);

    rig.vms = [...rig.vms, vm("w-2", 10003, { host: "pve2" })];
    assert.deepEqual(await stack.up(), { same: 12, ...none, create: 3 });
    assert.ok(rig.takeWrites().every((one) => one.includes("pve2")));

    rig.vms = rig.vms.filter(({ name }) => name !== "w-gpu-1");
    assert.equal((await stack.up()).delete, 4);
    assert.deepEqual(rig.takeWrites(), [
      "POST nodes/pve1/qemu/10002/status/stop",
      "DELETE nodes/pve1/qemu/10002",
      "DELETE cluster/mapping/pci/gpu-pve1-0000-01-00-0",
    ]);
    assert.deepEqual(sim.world.vms.map(({ vmid }) => vmid).toSorted(), [10001, 10003]);
  });

  it("keeps a VM's network card when the card is changed, and says so in the preview", async () => {
    await begin();
    rig.vms = twoVms.slice(0, 1);
    const stack = await rig.open();
    await stack.up();
    const card = (): string | undefined => sim.world.vms[0]?.config["net0"];
    const mac = /[0-9A-F:]{17}/.exec(card() ?? "")?.[0] ?? "none";
    const machines: unknown[] = [];
    rig.vlan = 7;
    rig.watch = (fleet) => fleet.machines["w-1"]?.apply((machine) => machines.push(machine));
    assert.equal((await stack.preview()).update, 1);
    assert.equal((await stack.up()).update, 1);
    assert.match(card() ?? "", new RegExp(`^virtio=${mac},.*tag=7`));
    assert.deepEqual(machines, [`10001 ${mac}`, `10001 ${mac}`]);
    rig.vms = [vm("w-1", 10003)];
    await stack.preview();
    // What is made anew is another machine, and not known before.
    assert.equal(machines.length, 2);
    await stack.up();
    assert.match(String(machines[2]), /^10003 /);
    assert.ok(!String(machines[2]).includes(mac));
  });

  it("replaces a VM with another id, the old one first: there is one GPU", async () => {
    await begin();
    const stack = await rig.open();
    await stack.up();
    rig.takeWrites();
    rig.vms = twoVms.map((one) => (one.vmid === 10002 ? { ...one, vmid: 10012 } : one));
    assert.equal((await stack.up()).replace, 1);
    const writes = rig.takeWrites();
    assert.ok(writes.indexOf("DELETE nodes/pve1/qemu/10002") < writes.indexOf("POST nodes/pve1/qemu"), String(writes));
    assert.deepEqual(await stack.preview(), { same: 12, ...none });
  });

  it("says which privilege is missing, and where", async () => {
    await begin({ tokens: [tokenWithout("VM.Config.HWType")] });
    const text = await failure((await rig.open()).up());
    assert.match(
      text,
      /w-1-vm: error creating VM: received an HTTP 403 response - Reason: Permission check failed \(\/vms\/10001, VM\.Config\.HWType\)/,
    );
    assert.deepEqual(sim.world.vms, []);
  });

  it("keeps a VM that could not start, and goes on with it at the next run", async () => {
    await begin();
    rig.vms = twoVms.slice(1);
    const stack = await rig.open();
    // Somebody else's VM holds the card.
    const config = { hostpci0: "mapping=x" };
    const running = { pid: 1, since: 1, config, devices: ["0000:01:00.0"] };
    sim.world.vms.push({ vmid: 100, node: "pve1", config, running });
    const text = await failure(stack.up());
    assert.match(text, /VM 10002 was created, but: .*PCI device '0000:01:00\.0' already in use by VMID '100'/);
    sim.world.vms = sim.world.vms.filter(({ vmid }) => vmid !== 100);
    rig.takeWrites();
    await stack.up();
    assert.deepEqual(rig.takeWrites(), ["POST nodes/pve1/qemu/10002/status/start"]);
    assert.deepEqual(await stack.preview(), { same: 10, ...none });
  });

  it("goes on with its own VM when the answer to its creation was lost", async () => {
    await begin();
    rig.vms = twoVms.slice(0, 1);
    const stack = await rig.open();
    sim.fail({ method: "POST", path: "nodes/pve1/qemu", when: "after", hangUp: true });
    assert.match(
      await failure(stack.up()),
      /w-1-vm: error creating VM: failed to perform HTTP POST request \(path: nodes\/pve1\/qemu\)/,
    );
    assert.equal(sim.world.vms.length, 1);
    rig.takeWrites();
    await stack.up();
    // No VM is made again. The plugin of the killed run may live a moment longer than its engine, and resize too.
    assert.deepEqual(
      [...new Set(rig.takeWrites())],
      ["PUT nodes/pve1/qemu/10001/resize", "POST nodes/pve1/qemu/10001/status/start"],
    );
    assert.deepEqual(await stack.preview(), { same: 8, ...none });
  });

  for (let index = 0; index < 4; index++)
    it(`comes to its end at the next run, whichever write to the VM fails (number ${index + 1})`, async () => {
      await begin();
      rig.vms = twoVms.slice(0, 1);
      const stack = await rig.open();
      sim.fail({ path: /qemu/, method: ["POST", "PUT", "POST", "GET"][index] ?? "", skip: index === 2 ? 1 : 0 });
      await failure(stack.up());
      await stack.up();
      assert.deepEqual(await stack.preview(), { same: 8, ...none });
      assert.equal(sim.world.vms[0]?.running?.config["memory"], "8192");
    });

  it("goes on with its own VM after the engine was killed while it was made", async () => {
    await begin();
    rig.vms = twoVms.slice(0, 1);
    const stack = await rig.open();
    sim.fail({ method: "POST", path: "nodes/pve1/qemu" });
    await failure(stack.up());
    // All but the VM is there; the task of its creation runs on and on.
    sim.world.taskPolls = 1000;
    const killed = failure(stack.up());
    while (sim.world.vms.length === 0) await new Promise((done) => setTimeout(done, 20));
    process.kill(rig.project.enginePid(), "SIGKILL");
    assert.match(await killed, /the engine was ended from outside/);
    sim.world.taskPolls = 0;
    for (const task of sim.world.tasks) task.polls = 0;
    rig.takeWrites();
    await stack.up();
    // No VM is made again. The plugin of the killed run may live a moment longer than its engine, and resize too.
    assert.deepEqual(
      [...new Set(rig.takeWrites())],
      ["PUT nodes/pve1/qemu/10001/resize", "POST nodes/pve1/qemu/10001/status/start"],
    );
    assert.deepEqual(await stack.preview(), { same: 8, ...none });
  });

  const strangers: readonly (readonly [string, string | undefined, RegExp])[] = [
    [
      "no tag",
      undefined,
      /VM 10001 on pve2, "db", is not ours: it has no tag of ours \(no tags\), expected tokenrack\.dev\.w-1\./,
    ],
    ["a foreign tag", "prod", /it has no tag of ours \(prod\), expected tokenrack\.dev\.w-1\. Nothing was changed/],
    [
      "our tag of another stack",
      "tokenrack.prod.w-1",
      /it is tagged tokenrack\.prod\.w-1, expected tokenrack\.dev\.w-1\./,
    ],
  ];
  for (const [what, tags, message] of strangers)
    it(`leaves a VM with our id and ${what} alone`, async () => {
      await begin({ vms: [foreign(tags)] });
      rig.vms = twoVms.slice(0, 1);
      const text = await failure((await rig.open()).up());
      assert.match(text, message);
      assert.deepEqual(sim.world.vms, [foreign(tags)]);
    });

  it("neither changes nor deletes a VM that somebody put under our id", async () => {
    await begin();
    rig.vms = twoVms.slice(0, 1);
    const stack = await rig.open();
    await stack.up();
    sim.world.vms = [foreign("prod")];
    rig.takeWrites();
    rig.vms = [{ ...vm("w-1", 10001), memoryGib: 16 }];
    assert.match(await failure(stack.up()), /VM 10001 on pve2, "db", is not ours/);
    rig.vms = [];
    assert.match(await failure(stack.up()), /VM 10001 on pve2, "db", is not ours/);
    assert.match(await failure(stack.destroy()), /VM 10001 on pve2, "db", is not ours/);
    assert.deepEqual(sim.world.vms, [foreign("prod")]);
    assert.ok(rig.takeWrites().every((one) => !one.includes("qemu")));
  });

  it("trusts the authorities that it is given, and no other", async () => {
    await begin();
    const text = await failure((await rig.open({ SSL_CERT_FILE: "/dev/null" })).up());
    assert.match(text, /tls: failed to verify certificate: x509: certificate signed by unknown authority/);
    // What the plugin asks is refused by itself; our own hooks, which look for what is left, trust their own CA.
    const asked = sim.requests.map(inWords).toSorted();
    assert.deepEqual(asked, ["GET cluster/mapping/pci", "GET pools"]);
  });

  const offline: readonly (readonly [string, Partial<proxmox.VmLegacyArgs>, RegExp])[] = [
    [
      "an id",
      { vmId: 99 },
      /VmLegacy resource 'vm' has a problem: expected vm_id to be in the range \(100 - 2147483647\), got 99\. Examine values at 'vm\.vmId'\./,
    ],
    [
      "cores",
      { cpu: { cores: 0 } },
      /expected cores to be in the range \(1 - 2304\), got 0\. Examine values at 'vm\.cpu\.cores'\./,
    ],
    [
      "memory",
      { memory: { dedicated: 16 } },
      /expected dedicated to be in the range \(64 - 268435456\), got 16\. Examine values at 'vm\.memory\.dedicated'\./,
    ],
    [
      "a BIOS",
      { bios: "x" },
      /expected bios to be one of \["ovmf" "seabios"\], got x\. Examine values at 'vm\.bios'\./,
    ],
    [
      "a machine",
      { machine: "x" },
      /invalid value for machine \(must be a valid machine type\)\. Examine values at 'vm\.machine'\./,
    ],
    ["a name", { name: "a_b" }, /invalid value for name \(must be a valid DNS name\)\. Examine values at 'vm\.name'\./],
    [
      "a disk's size",
      { disks: [{ interface: "scsi0", size: 0 }] },
      /expected size to be at least \(1\), got 0\. Examine values at 'vm\.disks\[0\]\.size'\./,
    ],
    [
      "what it does not implement",
      { clone: { vmId: 100 } },
      /this stand-in does not implement it; it needs the official proxmoxve plugin\. Examine values at 'vm\.clone'\./,
    ],
  ];
  for (const [what, args, message] of offline)
    it(`checks ${what} in a preview, without a request`, async () => {
      await begin();
      rig.program = (provider: pulumi.ProviderResource) =>
        void new proxmox.VmLegacy("vm", { nodeName: "pve1", vmId: 100, ...args }, { provider });
      assert.match(await failure((await rig.open()).preview()), message);
      assert.deepEqual(sim.requests, []);
    });

  it("refuses a resource that it does not have, and a provider that it cannot be, by name", async () => {
    await begin();
    rig.program = (provider) => void new proxmox.Haresource("ha", { resourceId: "vm:100" }, { provider });
    assert.match(
      await failure((await rig.open()).preview()),
      /the stand-in for the proxmoxve provider does not implement resource type proxmoxve:index\/haresource:Haresource/,
    );
    rig.program = () => {
      const provider = new proxmox.Provider("other", { endpoint: "http://127.0.0.1:1", apiToken: "a@pve!b=c" });
      new proxmox.PoolLegacy("pool", { poolId: "x" }, { provider });
    };
    assert.match(
      await failure((await rig.open()).preview()),
      /you must specify a secure endpoint for the Proxmox Virtual Environment API/,
    );
    rig.program = () => {
      const provider = new proxmox.Provider("other", { endpoint: sim.endpoint, apiToken: "a@pve!b=c", tmpDir: "/x" });
      new proxmox.PoolLegacy("pool", { poolId: "x" }, { provider });
    };
    assert.match(
      await failure((await rig.open()).preview()),
      /this stand-in does not implement it; it needs the official proxmoxve plugin/,
    );
  });
});
