import assert from "node:assert/strict";
import { findEngine, TestProject, type Engine } from "../harness";
import { none, rack, Site, unprotected } from "./site";

/** Engine, SSH and scripts are real; hosts, Proxmox, Deckhouse and its installer are simulated. */
describe("a site after its stack was taken away", function () {
  this.timeout(180_000);
  let engine: Engine;
  let site: Site;
  let project: TestProject;

  before(async function () {
    this.timeout(31 * 60_000);
    engine = await findEngine("command", "proxmoxve");
    site = await Site.start();
    project = new TestProject(engine);
  });
  after(async () => {
    project.remove();
    await site.end();
  });

  it("has the hosts put back that were to be put back, the others left, and can come up again", async () => {
    const stack = rack(site, { pve2: { restoreHost: true } });
    const opened = await site.open(project, { stack: unprotected(stack) });
    const { create } = await opened.up();
    const [left] = site.hosts.map((host) => host.fingerprint());
    await opened.destroy();
    const { vms, mappings, pools, volumes } = site.proxmox.world;
    assert.deepEqual([vms, mappings, pools, volumes], [[], [], [], []]);
    assert.deepEqual(site.host("pve1").fingerprint(), left);
    assert.equal(site.host("pve2").read("etc/kernel/cmdline"), "root=ZFS=rpool/ROOT/pve-1 boot=zfs quiet\n");
    assert.ok(!site.host("pve2").has("etc/modprobe.d/zz-tokenrack-vfio.conf"));
    assert.deepEqual(site.reboots(), [1, 1, 0]);

    // Another machine stands under the master's address: nothing of the old one may stand against it.
    site.replaceMaster();
    assert.equal((await opened.up()).create, create);
    const { same, ...changes } = await opened.preview();
    assert.deepEqual([same, changes], [create, none]);
  });
});
