import assert from "node:assert/strict";
import type { EngineStack } from "../../../engine/engineStack";
import { nameOf } from "../../../engine/events";
import { tokenWithout } from "../../sim/proxmox/harness";
import { failure, findEngine, TestProject, type Engine } from "../harness";
import { inWords, none, rack, Site } from "./site";

const grubFile = "etc/default/grub.d/zz-tokenrack-vfio.cfg";

/** Each test goes on from the one before. Engine, SSH and scripts are real; hosts, Proxmox and Deckhouse are simulated. */
describe("a site that somebody changed by hand", function () {
  this.timeout(120_000);
  let engine: Engine;
  let site: Site;
  let project: TestProject;
  let stack: EngineStack;

  before(async function () {
    this.timeout(31 * 60_000);
    engine = await findEngine("command", "proxmoxve");
    site = await Site.start();
    project = new TestProject(engine);
    stack = await site.open(project);
    await stack.up();
    site.proxmox.takeRequests();
  });
  after(async () => {
    project.remove();
    await site.end();
  });

  const vm = (name: string) => {
    const found = site.proxmox.world.vms.find(({ config }) => config["name"] === name);
    assert.ok(found);
    return found;
  };
  const urn = (name: string): string => {
    const found = stack.urns().find((one) => nameOf(one) === name);
    assert.ok(found);
    return found;
  };
  const writes = (): string[] =>
    site.proxmox
      .takeRequests()
      .filter(({ method }) => method !== "GET")
      .map(inWords);

  it("shows a VM's memory and tags in a refresh, and heals them in the next run without a restart", async () => {
    const [memory, tags] = [vm("gpu-1").config["memory"], vm("gpu-2").config["tags"] ?? ""];
    const pids = site.proxmox.world.vms.map(({ running }) => running?.pid);
    vm("gpu-1").config["memory"] = "16384";
    vm("gpu-2").config["tags"] = `by-hand;${tags}`;
    // Without a look nobody can know.
    assert.deepEqual({ ...(await stack.preview()), same: 0 }, { ...none, same: 0 });
    let shown: Readonly<Record<string, number>> = {};
    await (
      await stack.prepare()
    ).refresh({ onEvent: ({ summaryEvent }) => (shown = summaryEvent?.resourceChanges ?? shown) });
    assert.deepEqual([shown["update"], shown["delete"]], [2, undefined]);
    assert.equal((await stack.preview()).update, 2);
    assert.deepEqual(writes(), []);
    assert.equal((await stack.up()).update, 2);
    assert.deepEqual(writes().toSorted(), ["PUT nodes/pve1/qemu/11000/config", "PUT nodes/pve2/qemu/11001/config"]);
    assert.deepEqual([vm("gpu-1").config["memory"], vm("gpu-2").config["tags"]], [memory, tags]);
    assert.deepEqual(
      site.proxmox.world.vms.map(({ running }) => running?.pid),
      pids,
    );
    assert.deepEqual({ ...(await stack.preview()), same: 0 }, { ...none, same: 0 });
  });

  it("makes a VM again that is gone, and only that", async () => {
    const { world } = site.proxmox;
    const at = world.vms.indexOf(vm("gpu-2"));
    world.vms.splice(at, 1);
    world.volumes = world.volumes.filter(({ vmid }) => vmid !== 11001);
    await (await stack.prepare()).refresh();
    const { create, replace, delete: deleted } = await stack.preview();
    assert.deepEqual([create, deleted], [1, 0]);
    assert.ok(replace <= 1, String(replace));
    await stack.up();
    assert.equal(vm("gpu-2").running?.devices.length, 2);
    assert.deepEqual({ ...(await stack.preview()), same: 0 }, { ...none, same: 0 });
    assert.deepEqual(site.reboots(), [1, 1, 0]);
  });

  // A command cannot be read back: that a file of a host was changed shows in no refresh.
  it("writes a host's boot line again when that stage is run again, and does not reboot for it", async () => {
    const host = site.host("pve1");
    const wanted = host.read(grubFile);
    host.write(grubFile, "GRUB_CMDLINE_LINUX_DEFAULT=quiet\n");
    await stack.up({ replace: [urn("vfio-pve1-apply")] });
    assert.equal(host.read(grubFile), wanted);
    assert.deepEqual(site.reboots(), [1, 1, 0]);
    assert.deepEqual({ ...(await stack.preview()), same: 0 }, { ...none, same: 0 });
  });

  it("names the privilege that its token has lost, and where", async () => {
    const { tokens } = site.proxmox.world;
    site.proxmox.world.tokens = [tokenWithout("VM.Config.Memory")];
    const change = rack(site);
    const pools = (change["pools"] as readonly { name: string }[]).map((pool) =>
      pool.name === "gpu" ? { ...pool, memoryGib: 40 } : pool,
    );
    const text = await failure((await site.open(project, { stack: { ...change, pools } })).up());
    assert.match(text, /gpu-[12]-vm: .*403.*\(\/vms\/1100[01], VM\.Config\.Memory\)/);
    site.proxmox.world.tokens = tokens;
    assert.deepEqual({ ...(await stack.up()), same: 0, update: 0 }, { ...none, same: 0 });
  });
});
