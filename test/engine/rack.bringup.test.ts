import assert from "node:assert/strict";
import { userInfo } from "node:os";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import type { ProxmoxSecrets } from "../../config/load";
import { parseProfile } from "../../config/parse";
import type { EngineStack } from "../../engine/engineStack";
import { makePlan, type ProxmoxPlan } from "../../plan/plan";
import { proxmoxCluster } from "../../program/proxmox";
import { EXAMPLE_IMAGE, exampleToken, node, TOKEN_PRIVILEGES, tokenText } from "../../sim/proxmox/exampleWorld";
import type { ProxmoxSim } from "../../sim/proxmox/server";
import type { PciDevice } from "../../sim/proxmox/world";
import { startHost, type SimHost } from "../../sim/host/simHost";
import { secrets as commonSecrets } from "../config/stacks";
import { licence, MadeMaster } from "../scripts/deckhouse/madeMaster";
import { startSim } from "../sim/proxmox/harness";
import { failure, findEngine, local, TestProject, type Engine } from "./harness";
import { inWords } from "./standins/proxmoxve/rig";

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

type Stack = ReturnType<typeof stackOf>;

/** Its masters may be deleted. */
const unprotected = (stack: Stack): Stack => ({
  ...stack,
  pools: stack.pools.map((pool) => ({ ...pool, protect: false })),
});

/** With the second pool, the one with the GPU, as it is changed. */
const withGpuPool = (change: object) => (stack: Stack) => ({
  ...stack,
  pools: [unprotected(stack).pools[0], { ...stack.pools[1], ...change }],
});

/** Engine, scripts and SSH are real; the host, Proxmox, Deckhouse and its installer are simulated. */
describe("the program of a small rack on the real engine", function () {
  this.timeout(300_000);
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
  function planned(change: (stack: Stack) => object = (stack) => stack): ProxmoxPlan {
    const raw = change(stackOf(sim.endpoint, host));
    const plan = makePlan(parseProfile(raw, { stack: "dev" }), { modelConfigs: {} });
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

  /** The stack with another program than before, if one is given. */
  const open = (plan = planned()): Promise<EngineStack> => {
    const env = {
      ...process.env,
      TOKENRACK_SIM_WORLD: master.world,
      PATH: `${master.place.path("host-bin")}:${process.env["PATH"] ?? ""}`,
    };
    // The provider has no argument for a CA: the engine hands it on.
    const caCerts = [sim.caCert];
    const program = (): ReturnType<PulumiFn> => {
      const { cluster, outputs } = proxmoxCluster(plan, wrapped());
      // As the provider of Kubernetes does, whose replacement would be that of everything in the cluster.
      const standsOn = pulumi.all([cluster.kubeconfig, cluster.ready]).apply(([text]) => text);
      local("follower", { create: "true", triggers: [standsOn] });
      return Promise.resolve({ ...outputs });
    };
    return project.open(program, { env, caCerts });
  };

  /** Commands that reached the first master over SSH so far. */
  const commands = (): number => {
    const file = join(master.world, "ssh.log");
    return existsSync(file) ? readFileSync(file, "utf8").split("stage_").length - 1 : 0;
  };

  it("goes from the host over its VMs to a ready cluster, with one reboot; then it has nothing to do", async () => {
    const before = host.reboots;
    const stack = await open();
    const { create } = await stack.preview();
    assert.deepEqual([host.reboots, sim.takeRequests().length, master.writes()], [before, 0, []]);
    assert.equal((await stack.up()).create, create);
    assert.equal(host.reboots, before + 1);
    assert.deepEqual(sim.world.vms.map(({ vmid, running }) => [vmid, running?.devices.length]).toSorted(), [
      [10000, 0],
      [11000, 2],
    ]);
    const { ready, masterHostKey } = await stack.outputs();
    assert.deepEqual([ready, masterHostKey], ['{"master":1,"gpu":1}', master.hostKey]);
    const writes = master.writes();
    sim.takeRequests();
    const again = await stack.up();
    assert.deepEqual([again.create, again.update, again.replace, again.delete], [0, 0, 0, 0]);
    assert.deepEqual([host.reboots, sim.takeRequests(), master.writes()], [before + 1, [], writes]);
    const backend = project.stateText("backend");
    for (const secret of [licence, master.key, tokenText(exampleToken())]) assert.ok(!backend.includes(secret));
  });

  it("takes a node out before its VM is made anew, and in again after; a VM changed in place is left alone", async () => {
    await (await open(planned(unprotected))).up();
    const writes = master.writes().length;
    const inPlace = await open(planned(withGpuPool({ memoryGib: 48 })));
    for (const { create, update, replace, delete: gone } of [await inPlace.preview(), await inPlace.up()])
      assert.deepEqual([create, update, replace, gone], [0, 1, 0, 0]);
    assert.equal(master.writes().length, writes);
    const stack = await open(planned(withGpuPool({ memoryGib: 48, firstVmid: 12000 })));
    const { create, update, replace, delete: gone } = await stack.preview();
    // The VM and its node; the node's group gets its count back, and is waited for.
    assert.deepEqual([create, update, replace, gone], [0, 2, 2, 0]);
    await stack.up();
    assert.deepEqual(master.writes().slice(writes), [
      "label gpu-1 node.deckhouse.io/allow-bootstrap=false",
      "delete StaticInstance/gpu-1",
      "patch gpu 0",
      "apply StaticInstance/gpu-1",
      "apply NodeGroup/gpu",
    ]);
    assert.deepEqual(
      master
        .read()
        .nodes.map(({ name, ready }) => [name, ready])
        .toSorted(),
      [
        ["gpu-1", true],
        ["master-1", true],
      ],
    );
  });

  it("is taken away as a whole with its VMs, without asking the cluster, once nothing is protected", async () => {
    await (await open()).up();
    sim.takeRequests();
    assert.match(
      await failure((await open()).destroy()),
      /protected \(master-1-vm\), which hold data\. Nothing was changed/,
    );
    assert.deepEqual([sim.takeRequests(), existsSync(join(master.state, "installed"))], [[], true]);
    const stack = await open(planned(unprotected));
    await stack.up();
    const asked = commands();
    await stack.destroy();
    assert.deepEqual([commands(), sim.world.vms, sim.world.mappings, sim.world.pools], [asked, [], [], []]);
    assert.equal(existsSync(join(master.state, "installed")), false);
    assert.deepEqual(
      stack.urns().filter((urn) => !urn.includes("pulumi:pulumi:Stack")),
      [],
    );
    assert.equal((await stack.destroy()).delete, 0);
  });

  for (const made of [0, 1])
    it(`is taken away from half way too, with ${made} of 2 VMs made`, async () => {
      sim.fail({ method: "POST", path: /qemu$/, status: 500, skip: made, times: 1 });
      const stack = await open(planned(unprotected));
      await failure(stack.up());
      assert.ok(stack.urns().length > 5);
      assert.equal(sim.world.vms.length >= made, true);
      await stack.destroy();
      assert.deepEqual([sim.world.vms, sim.world.mappings, sim.world.pools], [[], [], []]);
      assert.deepEqual(
        stack.urns().filter((urn) => !urn.includes("pulumi:pulumi:Stack")),
        [],
      );
    });

  it("touches nothing with a token that lacks privileges: all are named at once, with what grants them", async () => {
    const privileges = TOKEN_PRIVILEGES.filter((name) => !["SDN.Use", "VM.Config.CPU"].includes(name));
    sim.world.tokens = [exampleToken(privileges)];
    const stack = await open();
    await stack.preview();
    assert.deepEqual(sim.takeRequests(), []);
    const before = host.log().length;
    const text = await failure(stack.up());
    assert.match(
      text,
      /proxmox: .*found tokenrack@pve!stack without 2 of the 2\d privileges that this stack needs \(VM\.Config\.CPU on \/vms, SDN\.Use on \/sdn\/zones\/localnetwork\/vmbr0\)/,
    );
    assert.match(
      text,
      /pveum role modify Tokenrack --append 1 --privs "SDN\.Use VM\.Config\.CPU" && pveum acl modify \/ --users tokenrack@pve --tokens 'tokenrack@pve!stack' --roles Tokenrack/,
    );
    assert.deepEqual([host.log().length, master.writes()], [before, []]);
    assert.deepEqual(sim.takeRequests().map(inWords), ["GET access/permissions", "GET version"]);
    sim.world.tokens = [exampleToken()];
    assert.ok((await stack.up()).create > 20);
  });
});
