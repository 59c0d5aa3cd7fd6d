import assert from "node:assert/strict";
import type { ProxmoxSim } from "../../../sim/proxmox/server";
import { startSim } from "../../sim/proxmox/harness";
import { failure, findEngine, type Engine } from "../harness";
import { Rig } from "../standins/proxmoxve/rig";
import { none } from "./site";

/** Every call that makes something, and how what it made is called. */
const calls = [
  { what: "a resource mapping", path: /^cluster\/mapping\/pci$/ },
  { what: "the image", path: /\/download-url$/ },
  { what: "the pool", path: /^pools$/ },
  { what: "a VM", path: /\/qemu$/ },
  { what: "a disk's size", path: /\/resize$/ },
  { what: "a running VM", path: /\/status\/start$/ },
] as const;

/** Proxmox did the work, and the connection broke before it could say so: the state knows of nothing. */
describe("a site whose Proxmox made something and lost its answer", function () {
  this.timeout(120_000);
  let engine: Engine;
  let sim: ProxmoxSim;
  let rig: Rig;

  before(async function () {
    this.timeout(31 * 60_000);
    engine = await findEngine("proxmoxve");
  });
  beforeEach(async () => {
    sim = await startSim();
    rig = new Rig(engine, sim);
  });
  afterEach(async () => {
    rig.project.remove();
    await sim.close();
  });

  for (const { what, path } of calls)
    it(`is brought up by the next run, after ${what}`, async () => {
      sim.fail({ path, when: "after", hangUp: true });
      const stack = await rig.open();
      await failure(stack.up());
      await stack.up();
      const { same, ...changes } = await stack.preview();
      assert.deepEqual([same, changes], [12, none]);
      const { vms, mappings, pools, volumes } = sim.world;
      assert.deepEqual(vms.map(({ vmid, running }) => [vmid, running !== undefined]).toSorted(), [
        [10001, true],
        [10002, true],
      ]);
      // Nothing twice, and nothing left over: an image, and for each VM a disk, its EFI variables and cloud-init.
      assert.deepEqual([mappings.length, pools.length, volumes.length], [1, 1, 7]);
    });
});
