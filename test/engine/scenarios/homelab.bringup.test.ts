import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { EngineEvent } from "../../../engine/events";
import { EXAMPLE_IMAGE, exampleWorld, node } from "../../../sim/proxmox/exampleWorld";
import { changed } from "../../config/stacks";
import { homelab } from "../../program/homelab";
import { findEngine, TestProject, type Engine } from "../harness";
import { gpuHost, inWords, none, Site, slot, unprotected } from "./site";

type Named = Record<string, unknown> & { readonly name: string };

const withGpu = ["srv1", "srv2", "srv3", "srv4"];
const made = [
  ...["srv1", "srv2", "srv3"].map((name, index) => gpuHost(name, index === 1 ? { cpu: "amd" } : {})),
  gpuHost("srv4", { loader: "systemd-boot", gpus: [{ pci: `${slot}.0`, card: "rtx-3060" }] }),
  // Not in the stack file yet.
  gpuHost("srv8", { cpu: "amd", loader: "systemd-boot" }),
  // Runs the first master.
  gpuHost("nuc1", { gpus: [] }),
];
const others = ["nuc2", "nuc3", "srv5", "srv6", "srv7"];

/** The committed stack file with what it marks as NEEDED, at the simulated site. */
function stackOf(site: Site): Record<string, unknown> {
  const stack = homelab();
  const hosts = (stack["hosts"] as readonly Named[]).map((host) =>
    withGpu.includes(host.name)
      ? { ...host, reboot: "ifNeeded", ssh: site.ssh(host.name) }
      : host.name === "nuc1"
        ? { ...host, ssh: site.ssh("nuc1") }
        : host,
  );
  const open = Object.entries({ ...stack, hosts }).filter(([, value]) => typeof value !== "string");
  const filled = changed(Object.fromEntries(open), "platform.endpoint", site.proxmox.endpoint);
  return changed(filled, "platform.image", { url: EXAMPLE_IMAGE.url, checksum: EXAMPLE_IMAGE.sha256 });
}

/** The same with one more host, and one more node on it: an entry and a number with its address. */
function withOneMore(stack: Record<string, unknown>, site: Site): Record<string, unknown> {
  const hosts = stack["hosts"] as readonly Named[];
  const pools = (stack["pools"] as readonly Named[]).map((pool) =>
    pool.name === "w-gpu"
      ? { ...pool, count: 4, addresses: [...(pool["addresses"] as readonly string[]), "192.168.3.49"] }
      : pool,
  );
  const added = site.hostEntry("srv8", { address: "192.168.2.18", cores: 40, memoryGib: 192, reservedGib: 32 });
  return { ...stack, hosts: [...hosts, added], pools };
}

/** The same with another size for the VMs of a pool. */
const withMemory = (stack: Record<string, unknown>, name: string, memoryGib: number): Record<string, unknown> => ({
  ...stack,
  pools: (stack["pools"] as readonly Named[]).map((pool) => (pool.name === name ? { ...pool, memoryGib } : pool)),
});

/**
 * Each test goes on from the one before. Engine, SSH and scripts are real; hosts, Proxmox, Deckhouse and its installer
 * are simulated.
 */
describe("the whole homelab on the real engine", function () {
  this.timeout(300_000);
  let engine: Engine;
  let project: TestProject;
  let site: Site;
  let stack: Record<string, unknown>;
  /** Begin and end of every resource in the first run: "resourcePre w-std-1-vm", "resOutputs w-std-1-vm". */
  const order: string[] = [];

  before(async function () {
    this.timeout(31 * 60_000);
    engine = await findEngine("command", "proxmoxve");
    const storages = exampleWorld().storages.map((one) => (one.id === "ceph" ? { ...one, id: "rbd" } : one));
    site = await Site.start(made, { nodes: others.map((name) => node(name)), storages });
    project = new TestProject(engine);
    stack = stackOf(site);
  });
  after(async () => {
    project.remove();
    await site.end();
  });

  /** Resources that a run did something with, without components. */
  async function up(): Promise<{ done: string[]; changes: Record<string, number> }> {
    const done: string[] = [];
    const onEvent = (event: EngineEvent): void => {
      if (event.kind !== "resOutputs" || event.op === "same" || event.type.startsWith("tokenrack:")) return;
      done.push(`${event.op} ${event.name}`);
    };
    const { same, ...changes } = await (await site.open(project, { stack })).up({ onEvent });
    assert.ok(same >= 0);
    return { done: done.toSorted(), changes };
  }

  it("comes up from bare hosts to Ready nodes in one run, one reboot a host, never two hosts at a time", async () => {
    const opened = await site.open(project, { stack });
    const nothing = site.writes();
    const { create } = await opened.preview();
    // Which ones: test/program/golden.
    assert.ok(create > 100, String(create));
    assert.deepEqual([site.writes(), site.proxmox.takeRequests()], [nothing, []]);
    const onEvent = (event: EngineEvent): void => {
      if (event.kind === "resourcePre" || event.kind === "resOutputs") order.push(`${event.kind} ${event.name}`);
    };
    assert.equal((await opened.up({ onEvent })).create, create);
    assert.deepEqual(site.reboots(), [1, 1, 1, 1, 0, 0]);
    const reboots = withGpu.map((name) => site.host(name)).toSorted((a, b) => a.wentDownAt - b.wentDownAt);
    for (const [index, host] of reboots.entries()) {
      assert.ok((reboots[index - 1]?.cameBackAt ?? 0) < host.wentDownAt);
    }
    const { ready, masterHostKey } = await opened.outputs();
    assert.equal(ready, '{"master":3,"w-std":6,"w-db":3,"w-gpu":3,"w-gpu-3060":1}');
    assert.equal(masterHostKey, site.master.hostKey);
    const { vms } = site.proxmox.world;
    assert.equal(vms.length, 16);
    assert.deepEqual(
      vms.flatMap(({ node: on, running }) => (running?.devices.length === 2 ? [on] : [])).toSorted(),
      withGpu,
    );
  });

  it("starts no VM on a host that has yet to reboot", () => {
    assert.equal(site.proxmox.world.vms.length, 16);
    const early = site.proxmox.world.vms.flatMap(({ config, node: on }) => {
      const name = config["name"] ?? "";
      const ready = order.indexOf(`resOutputs vfio-${on}-verify`);
      return ready >= 0 && order.indexOf(`resourcePre ${name}-vm`) < ready ? [`${name} on ${on}`] : [];
    });
    assert.deepEqual(early, []);
  });

  it("does nothing in the second run, and writes nothing anywhere", async () => {
    site.proxmox.takeRequests();
    const before = site.writes();
    assert.deepEqual((await up()).changes, none);
    assert.deepEqual([site.writes(), site.proxmox.requests], [before, []]);
  });

  it("makes one more GPU node alone, of one more host and a number", async () => {
    stack = withOneMore(stack, site);
    const { done, changes } = await up();
    assert.deepEqual(changes, { ...none, create: 11, update: 2 });
    assert.deepEqual(done, [
      "create cluster-staticinstance-w-gpu-4",
      "create vfio-srv8-apply",
      "create vfio-srv8-inspect",
      "create vfio-srv8-reboot",
      "create vfio-srv8-verify",
      "create vms-image-srv8",
      "create w-gpu-4-0000:65:00.0",
      "create w-gpu-4-vm",
      "update cluster-nodegroup-w-gpu",
      "update cluster-ready",
    ]);
    assert.deepEqual(site.reboots(), [1, 1, 1, 1, 1, 0]);
    const writes = site.proxmox.takeRequests().filter(({ method }) => method !== "GET");
    assert.deepEqual(
      writes.map(inWords).filter((one) => !/srv8|mapping/.test(one)),
      [],
    );
    assert.equal(site.proxmox.world.vms.find(({ node: on }) => on === "srv8")?.running?.devices.length, 2);
  });

  it("gives VMs more memory in place, and restarts none of them by itself", async () => {
    const pids = (): (number | undefined)[] => site.proxmox.world.vms.map(({ running }) => running?.pid);
    const [before, reboots] = [pids(), site.reboots()];
    stack = withMemory(stack, "w-db", 48);
    const { done, changes } = await up();
    assert.deepEqual(changes, { ...none, update: 3 });
    assert.deepEqual(done, ["update w-db-1-vm", "update w-db-2-vm", "update w-db-3-vm"]);
    assert.deepEqual([pids(), site.reboots()], [before, reboots]);
    const sizes = site.proxmox.world.vms.flatMap(({ config }) =>
      config["memory"] === "49152" ? [config["name"]] : [],
    );
    assert.deepEqual(sizes.toSorted(), ["w-db-1", "w-db-2", "w-db-3"]);
  });

  it("is taken away although its cluster is dead, and a second destroy has nothing to do", async () => {
    stack = unprotected(stack);
    assert.equal((await up()).changes["replace"], 0);
    const opened = await site.open(project, { stack });
    // No API, and nobody who knows anything of a cluster.
    rmSync(join(site.master.world, "admin.conf"));
    const before = site.hosts.map((host) => host.fingerprint());
    const master = site.master.writes();
    await opened.destroy();
    const { vms, mappings, pools, volumes } = site.proxmox.world;
    assert.deepEqual([vms, mappings, pools, volumes], [[], [], [], []]);
    assert.deepEqual([site.hosts.map((host) => host.fingerprint()), site.master.writes()], [before, master]);
    site.proxmox.takeRequests();
    assert.equal((await opened.destroy()).delete, 0);
    assert.deepEqual(site.proxmox.takeRequests(), []);
  });
});
