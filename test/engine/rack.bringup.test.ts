import assert from "node:assert/strict";
import { userInfo } from "node:os";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { ProxmoxSecrets } from "../../config/load";
import { parseProfile } from "../../config/parse";
import { makePlan, type ProxmoxPlan } from "../../plan/plan";
import { program } from "../../program";
import { EXAMPLE_IMAGE, exampleToken, node, tokenText } from "../../sim/proxmox/exampleWorld";
import type { ProxmoxSim } from "../../sim/proxmox/server";
import type { PciDevice } from "../../sim/proxmox/world";
import { startHost, type SimHost } from "../../sim/host/simHost";
import { secrets as commonSecrets } from "../config/stacks";
import { licence, MadeMaster } from "../scripts/deckhouse/madeMaster";
import { startSim } from "../sim/proxmox/harness";
import { failure, findEngine, TestProject, type Engine } from "./harness";

const pci = "0000:65:00.0";

/** The GPU of the simulated host, as the simulated Proxmox of it has it. */
const devices = (): readonly PciDevice[] => {
  const common = { vendor: "0x10de", subsystemVendor: "0x1458", subsystemDevice: "0x403b", iommuGroup: 20 };
  return [
    { ...common, id: pci, class: "0x030000", device: "0x2204", name: "GeForce RTX 3090" },
    { ...common, id: pci.replace(/0$/, "1"), class: "0x040300", device: "0x1aef", name: "sound" },
  ];
};

/** A rack of one host, one master and one node with a GPU; the host has to reboot. */
const stackOf = (endpoint: string, host: SimHost) => ({
  platform: { kind: "proxmox", endpoint, image: { url: EXAMPLE_IMAGE.url, checksum: EXAMPLE_IMAGE.sha256 } },
  hosts: [
    {
      ...{ name: "pve1", address: host.address, ssh: { port: host.port, hostKey: host.hostKey } },
      ...{ cores: 32, memoryGib: 128, reboot: "ifNeeded", gpus: [{ pci, card: "rtx-3090" }] },
    },
  ],
  pools: [
    { name: "master", role: "master", count: 1, cores: 4, memoryGib: 8, diskGib: 60, addresses: ["192.168.3.51"] },
    {
      ...{ name: "gpu", role: "gpu", count: 1, cores: 8, memoryGib: 32, diskGib: 100, addresses: ["192.168.3.61"] },
      card: "rtx-3090",
    },
  ],
  network: { gbitPerSecond: 10, subnet: "192.168.2.0/23", gateway: "192.168.2.1" },
  cluster: { publicDomainTemplate: "%s.k8s.lan", edition: "EE" },
  models: [{ source: "Qwen/Qwen3-8B-AWQ", revision: "v1" }],
});

/** Engine, scripts and SSH are real; the host, Proxmox, Deckhouse and its installer are simulated. */
describe("the program of a small rack on the real engine", function () {
  this.timeout(120_000);
  let engine: Engine;
  let project: TestProject;
  let sim: ProxmoxSim;
  let host: SimHost;
  const master = new MadeMaster();

  before(async function () {
    this.timeout(31 * 60_000);
    engine = await findEngine("command", "proxmoxve");
    await master.start();
    const gpus = [{ pci, card: "rtx-3090" }] as const;
    host = await startHost({ name: "pve1", cpu: "intel", loader: "grub", kernel: "6.8", gpus: [...gpus] });
  });
  beforeEach(async () => {
    master.reset();
    project = new TestProject(engine);
    sim = await startSim({ nodes: [node("pve1", devices())] });
  });
  afterEach(async () => {
    project.remove();
    await sim.close();
  });
  after(async () => {
    await master.end();
    await host.stop();
  });

  /** The plan, with the one machine that answers for the first master: it is on loopback, at a port of its own. */
  function planned(): ProxmoxPlan {
    const plan = makePlan(parseProfile(stackOf(sim.endpoint, host), { stack: "dev" }), { modelConfigs: {} });
    assert.ok(plan.platform === "proxmox");
    const { hosts, deckhouse, bootstrap, fleet } = plan;
    return {
      ...plan,
      hosts: hosts.map((one) => ({ ...one, vfio: { ...one.vfio, settleSeconds: 5, lingerSeconds: 0.2 } })),
      fleet: { ...fleet, api: { ...fleet.api, caCert: sim.caCert } },
      deckhouse: { ...deckhouse, ssh: { user: userInfo().username, port: master.port } },
      bootstrap: { ...bootstrap, stateDirectory: master.state, master: { name: "master-1", address: "127.0.0.1" } },
    };
  }

  const wrapped = (): ProxmoxSecrets => {
    const secret = (text: string): pulumi.Output<string> => pulumi.secret(text);
    return {
      rayToken: secret(commonSecrets.rayToken),
      signingKey: secret(commonSecrets.signingKey),
      users: secret(commonSecrets.users),
      firstUserPassword: secret(commonSecrets.firstUserPassword),
      proxmoxApiToken: secret(tokenText(exampleToken())),
      hostSshKey: secret(host.privateKey),
      nodeSshKey: secret(master.key),
      deckhouseLicenseKey: secret(licence),
    };
  };

  it("goes from the host over its VMs to a ready cluster, with one reboot; then it has nothing to do", async () => {
    const caFile = join(project.dir, "ca.pem");
    writeFileSync(caFile, sim.caCert);
    const env = {
      ...process.env,
      SSL_CERT_FILE: caFile,
      TOKENRACK_SIM_WORLD: master.world,
      PATH: `${master.place.path("host-bin")}:${process.env["PATH"] ?? ""}`,
    };
    const plan = planned();
    const stack = await project.open(() => Promise.resolve({ ...program(plan, wrapped()) }), { env });
    const { create } = await stack.preview();
    assert.deepEqual([host.reboots, sim.takeRequests().length, master.writes()], [0, 0, []]);
    assert.equal((await stack.up()).create, create);
    assert.equal(host.reboots, 1);
    assert.deepEqual(sim.world.vms.map(({ vmid, running }) => [vmid, running?.devices.length]).toSorted(), [
      [10000, 0],
      [11000, 2],
    ]);
    const { ready, masterHostKey, upTo } = await stack.outputs();
    assert.deepEqual([ready, masterHostKey, upTo], ['{"master":1,"gpu":1}', master.hostKey, "cluster"]);
    const writes = master.writes();
    sim.takeRequests();
    const again = await stack.up();
    assert.deepEqual([again.create, again.update, again.replace, again.delete], [0, 0, 0, 0]);
    assert.deepEqual([host.reboots, sim.takeRequests(), master.writes()], [1, [], writes]);
    // Without the program nobody would ask whose a VM is: refused, and nothing is taken away before that is known.
    assert.match(await failure(stack.destroy()), /master-1-vm: Resource has delete hooks registered/);
    assert.ok(existsSync(join(master.state, "installed")));
    assert.deepEqual([sim.world.vms.length, master.writes(), (await stack.preview()).create], [2, writes, 0]);
    const backend = project.stateText("backend");
    for (const secret of [licence, master.key, tokenText(exampleToken())]) assert.ok(!backend.includes(secret));
  });
});
