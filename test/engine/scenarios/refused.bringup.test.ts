import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import { hostname } from "node:os";
import type { EngineEvent } from "../../../engine/events";
import { errorOf } from "../../support/fixtures";
import { failure, findEngine, TestProject, type Engine } from "../harness";
import { none, Site, type PlanChange } from "./site";
import { SshTap } from "./sshTap";

/** Dials of a host that is awaited: about 15 s where each is refused at once, in place of ten minutes. */
const dials = 12;

/** The program awaits hosts for ten minutes, which no test has. */
function impatient(): void {
  pulumi.runtime.registerStackTransformation(({ name, props, opts }) => {
    if (!/^vfio-.*-(?:reboot|verify)$/.test(name)) return { props, opts };
    // A secret, as it holds the key.
    const connection = pulumi.output(Reflect.get(props, "connection") as object);
    const bounded = connection.apply((its) => ({ ...its, dialErrorLimit: dials }));
    return { props: { ...props, connection: bounded }, opts };
  });
}

/** Two hosts that are not of one Proxmox cluster: neither waits for the other. */
const apart: PlanChange = (plan) => ({ ...plan, hosts: plan.hosts.map(({ vfio, ssh }) => ({ vfio, ssh })) });

/** Engine, SSH and scripts are real; hosts, Proxmox, Deckhouse and its installer are simulated. */
describe("a bring-up that is stopped", function () {
  this.timeout(180_000);
  let engine: Engine;
  let site: Site;
  let project: TestProject;

  before(async function () {
    this.timeout(31 * 60_000);
    engine = await findEngine("command", "proxmoxve");
    site = await Site.start();
  });
  beforeEach(async () => {
    project = new TestProject(engine);
    await site.reset();
  });
  afterEach(() => project.remove());
  after(() => site.end());

  it("by a host that never returns: others go on, its name is told; once it is back, no second reboot", async () => {
    site.host("pve1").change({ neverReturns: true });
    const how = { first: impatient, plan: apart };
    const stack = await site.open(project, how);
    const said: string[] = [];
    // As `pulumi up --continue-on-error` does.
    const raw = await stack.prepare();
    await errorOf(
      raw.up({
        continueOnError: true,
        onEvent: ({ diagnosticEvent }) => void said.push(diagnosticEvent?.message ?? ""),
      }),
    );
    const text = said.join("\n");
    const { port } = site.host("pve1");
    assert.match(
      text,
      new RegExp(`after ${dials} failed attempts: dial tcp 127\\.0\\.0\\.1:${port}: .*connection refused`),
    );
    assert.match(text, /pve1: rebooting from boot [0-9a-f-]{36}: .*If it stays away, look at its console/);
    const running = (): string[] =>
      site.proxmox.world.vms.flatMap(({ config, running: its }) => (its === undefined ? [] : [config["name"] ?? ""]));
    assert.deepEqual(running().toSorted(), ["gpu-2", "master-1"]);
    assert.deepEqual(site.reboots(), [1, 1, 0]);
    assert.ok(site.master.writes().includes("apply StaticInstance/gpu-2"));

    await site.host("pve1").powerOn();
    const again = await site.open(project, how);
    await again.up();
    assert.deepEqual(running().toSorted(), ["gpu-1", "gpu-2", "master-1"]);
    assert.deepEqual(site.reboots(), [1, 1, 0]);
    assert.deepEqual({ ...(await again.preview()), same: 0 }, { ...none, same: 0 });
  });

  it("by a first master with another key than the stack names, before any byte of an authentication", async () => {
    const tap = await SshTap.start(site.master.port);
    const wrong = site.host("pve2").hostKey;
    const plan: PlanChange = (from) => ({
      ...from,
      deckhouse: { ...from.deckhouse, ssh: { ...from.deckhouse.ssh, port: tap.port } },
      bootstrap: { ...from.bootstrap, master: { ...from.bootstrap.master, hostKey: wrong } },
    });
    try {
      const message = await failure((await site.open(project, { plan })).up());
      assert.match(
        message,
        /cluster-bootstrap: .*[^]*SSH to \S+@127\.0\.0\.1 port \d+[^]*Host key verification failed/,
      );
      assert.ok(tap.connections.length > 0);
      assert.equal(tap.passed, false, JSON.stringify(tap.connections));
      assert.deepEqual(site.master.writes(), []);
      // The tap does see who goes on.
      const right: PlanChange = (from) => {
        const { name, address } = from.bootstrap.master;
        return {
          ...plan(from),
          bootstrap: { ...from.bootstrap, master: { name, address, hostKey: site.master.hostKey } },
        };
      };
      await (await site.open(project, { plan: right })).up();
      assert.equal(tap.passed, true);
    } finally {
      await tap.close();
    }
  });

  it("by another run of the same stack: the second fails at once and names the first, which goes on", async () => {
    site.host("pve1").change({ bootMs: 5000 });
    const stack = await site.open(project);
    let begun: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => (begun = resolve));
    const onEvent = (event: EngineEvent): void => {
      if (event.kind === "resourcePre" && event.name === "vfio-pve1-verify") begun();
    };
    const first = stack.up({ onEvent });
    await Promise.race([waiting, first]);
    const pid = project.enginePid();
    const second = await site.open(project);
    const message = await failure(second.up());
    assert.match(message, new RegExp(`locked by a pulumi process ${pid} of \\S+@${hostname()}, since .*still running`));
    assert.match(message, new RegExp(`Fix: .*kill -INT ${pid}`));
    // It has not ended before the first: the host is still away.
    process.kill(pid, 0);
    await first;
    assert.deepEqual({ ...(await second.preview()), same: 0 }, { ...none, same: 0 });
    assert.ok(!site.master.writes().includes("INTERLEAVED"));
    assert.deepEqual(site.reboots(), [1, 1, 0]);
  });
});
