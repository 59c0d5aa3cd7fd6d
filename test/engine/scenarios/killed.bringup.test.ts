import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { EngineEvent } from "../../../engine/events";
import { failure, findEngine, TestProject, type Engine } from "../harness";
import { killAll, killEngine } from "./processes";
import { none, Site } from "./site";

interface Point {
  /** Resource that is being made when the kill comes. */
  readonly at: string;
  /** `engine`: it alone, and its plugins notice. `all`: with its plugins and every SSH session, as a power cut on both sides. */
  readonly what: "engine" | "all";
  /** What has to have happened besides, in words and as a question. */
  readonly once?: readonly [words: string, reached: (site: Site) => boolean];
  /** Where the installer waits to be killed. */
  readonly hold?: string;
}

const asked = (site: Site, host: string, call: string): boolean =>
  site
    .host(host)
    .log()
    .some((line) => line.startsWith(call));
const has = (site: Site, path: string): boolean =>
  site.proxmox.writes.some((one) => one.method === "POST" && one.path.endsWith(path));
const held = (site: Site): boolean => existsSync(join(site.master.world, "held"));

/** Spread over the bring-up; what is slow on a real site has more than one. */
const points: readonly Point[] = [
  { at: "vfio-pve1-inspect", what: "engine" },
  { at: "vfio-pve2-apply", what: "all", once: ["half of its files are written", (site) => asked(site, "pve2", "mv")] },
  // Made on Proxmox, and the engine never hears of it.
  { at: "vms-pool", what: "all", once: ["Proxmox has it", (site) => has(site, "pools")] },
  { at: "vms-image-pve1", what: "engine", once: ["Proxmox has it", (site) => has(site, "download-url")] },
  {
    at: "vfio-pve1-reboot",
    what: "engine",
    once: ["the reboot is asked for", (site) => asked(site, "pve1", "systemd-run")],
  },
  { at: "vfio-pve1-verify", what: "all", once: ["the host is down", (site) => site.reboots()[0] === 1] },
  { at: "gpu-1-0000:65:00.0", what: "all", once: ["Proxmox has it", (site) => has(site, "mapping/pci")] },
  { at: "gpu-2-vm", what: "engine", once: ["Proxmox has it", (site) => has(site, "pve2/qemu")] },
  { at: "cluster-bootstrap", what: "all", hold: "032_configure_containerd.sh" },
  { at: "cluster-bootstrap", what: "engine", hold: "InstallDeckhouse" },
  { at: "cluster-nodegroup-gpu", what: "all" },
];

/** Every resource, both ways, one after the other: minutes. */
const everywhere = process.env["TOKENRACK_KILL_EVERYWHERE"] === "1";

/** Kill at a point, then one more `up`. The engine, SSH and scripts are real; hosts, Proxmox and Deckhouse are simulated. */
describe("a bring-up that is killed", function () {
  this.timeout(180_000);
  let engine: Engine;
  let site: Site;
  let project: TestProject;
  /** How many there are, with the stack itself. */
  let resources: number;

  before(async function () {
    this.timeout(31 * 60_000);
    engine = await findEngine("command", "proxmoxve");
    site = await Site.start();
    project = new TestProject(engine);
    resources = (await (await site.open(project)).preview()).create;
    project.remove();
  });
  beforeEach(async () => {
    project = new TestProject(engine);
    await site.reset();
  });
  afterEach(() => project.remove());
  after(() => site.end());

  /** Runs up to the point and kills there. */
  async function killAt({ at, what, once, hold }: Point): Promise<void> {
    const stack = await site.open(project, hold === undefined ? {} : { env: { TOKENRACK_SIM_HOLD: hold } });
    const reached = once?.[1] ?? (hold === undefined ? (): boolean => true : held);
    let begun: () => void = () => undefined;
    const inFlight = new Promise<void>((resolve) => (begun = resolve));
    const onEvent = (event: EngineEvent): void => {
      if (event.kind === "resourcePre" && event.name === at) begun();
    };
    const ended = failure(stack.up({ onEvent }));
    await Promise.race([inFlight, ended]);
    const pid = project.enginePid();
    while (!reached(site)) {
      process.kill(pid, 0);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    if (what === "engine") killEngine(pid);
    else killAll(pid, site);
    assert.match(await ended, /the engine was ended from outside \(SIGKILL\)/);
  }

  /** One more run has to be enough. */
  async function goOn(): Promise<void> {
    const said: string[] = [];
    const stack = await site.open(project, { progress: (line) => said.push(line) });
    await stack.up();
    assert.match(said.join("\n"), /removed the lock of a pulumi process \d+ /);
    assert.deepEqual(await stack.preview(), { ...none, same: resources });
    assert.deepEqual(site.reboots(), [1, 1, 0]);
    assert.equal(Reflect.get(await stack.outputs(), "ready"), '{"master":1,"gpu":2}');
    assert.deepEqual(site.proxmox.world.vms.map(({ vmid, running }) => [vmid, running?.devices.length]).toSorted(), [
      [10000, 0],
      [11000, 2],
      [11001, 2],
    ]);
    assert.ok(!site.master.writes().includes("INTERLEAVED"));
  }

  for (const point of points) {
    const { at, what, once, hold } = point;
    const when = hold === undefined ? (once?.[0] ?? "it is being made") : `the installer is in ${hold}`;
    it(`at ${at}, once ${when} (${what}): one run later there is nothing to do`, async () => {
      await killAt(point);
      await goOn();
    });
  }

  if (everywhere)
    it("at every resource, both ways", async function () {
      this.timeout(60 * 60_000);
      const names: string[] = [];
      const onEvent = (event: EngineEvent): void => {
        if (
          event.kind === "resourcePre" &&
          !event.type.startsWith("tokenrack:") &&
          !/^p(ulumi|roxmox)$/.test(event.name)
        )
          names.push(event.name);
      };
      await (await site.open(project)).preview({ onEvent });
      const failed: string[] = [];
      for (const at of names)
        for (const what of ["engine", "all"] as const) {
          project.remove();
          project = new TestProject(engine);
          await site.reset();
          await killAt({ at, what })
            .then(goOn)
            .catch((error: unknown) => failed.push(`${at} (${what}): ${String(error)}`));
        }
      assert.deepEqual(failed, []);
    });
});
