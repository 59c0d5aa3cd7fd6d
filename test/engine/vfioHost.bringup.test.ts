import type { PulumiFn } from "@pulumi/pulumi/automation";
import assert from "node:assert/strict";
import { lookAtHosts, type HostLook } from "../../cli/preview/look";
import { healCommand, lookVerdict } from "../../cli/preview/lookText";
import { VfioHost } from "../../components/vfioHost";
import type { VfioHostPlan } from "../../render/vfio";
import { startHost, type SimHost, type SimOptions } from "../../sim/host/simHost";
import { failure, findEngine, TestProject, type Engine } from "./harness";

const gpu = "0000:65:00.0";
const planOf = (name: string): VfioHostPlan => ({
  name,
  gpus: [{ pci: gpu, vm: `${name}-gpu` }],
  acsOverride: false,
  allowPrimaryGpu: false,
  reboot: "ifNeeded",
  restoreHost: true,
  settleSeconds: 5,
  lingerSeconds: 0.2,
});

/** The real engine, real SSH and real scripts with the command stand-in; the two hosts are simulated. */
describe("VfioHost on the real engine", function () {
  this.timeout(120_000);
  let engine: Engine;
  let project: TestProject;
  let hosts: SimHost[] = [];

  before(async function () {
    this.timeout(31 * 60_000);
    engine = await findEngine("command");
  });
  afterEach(async () => {
    project.remove();
    await Promise.all(hosts.map((host) => host.stop()));
    hosts = [];
  });

  const start = async (...its: Partial<SimOptions>[]): Promise<void> => {
    project = new TestProject(engine);
    const common = { kernel: "6.8", gpus: [{ pci: gpu, card: "rtx-3090" }], quorate: true, ceph: "HEALTH_OK" } as const;
    hosts = await Promise.all(
      its.map((one, index) => startHost({ cpu: "intel", loader: "grub", ...common, name: `pve${index + 1}`, ...one })),
    );
  };

  /** Every host, each rebooting after the one before. */
  const program =
    (change: Partial<VfioHostPlan> = {}, key = (host: SimHost): string => host.hostKey): PulumiFn =>
    () => {
      const made: VfioHost[] = [];
      for (const [index, host] of hosts.entries()) {
        const name = `pve${index + 1}`;
        const before = made.at(-1);
        made.push(
          new VfioHost(name, {
            host: { ...planOf(name), ...change },
            ssh: { address: host.address, user: host.user, port: host.port, hostKey: key(host) },
            privateKey: host.privateKey,
            returnSeconds: 60,
            ...(before === undefined ? {} : { after: before.settledBy }),
          }),
        );
      }
      return Promise.resolve(Object.fromEntries(made.map((one, index) => [`pve${index + 1}`, one.gpus])));
    };

  const reboots = (): number[] => hosts.map((host) => host.reboots);
  const fingerprints = (): string[][] => hosts.map((host) => host.fingerprint());

  it("brings up two hosts, one reboot after the other; changes nothing again; and puts all back in the end", async () => {
    await start({}, { cpu: "amd", loader: "systemd-boot" });
    const first = await project.open(program());
    const untouched = fingerprints();
    assert.equal((await first.preview()).create, 11);
    assert.deepEqual(fingerprints(), untouched);
    assert.equal((await first.up()).create, 11);
    assert.deepEqual(reboots(), [1, 1]);
    const [one, two] = hosts;
    // The second had not gone before the first was back.
    assert.ok((one?.cameBackAt ?? Infinity) < (two?.wentDownAt ?? 0));
    const outputs = await first.outputs();
    assert.deepEqual(Reflect.get(outputs, "pve1"), [
      {
        pci: gpu,
        slot: "0000:65:00",
        id: "10de:2204",
        subsystemId: "1458:403b",
        iommuGroup: 20,
        functions: [gpu, "0000:65:00.1"],
      },
    ]);

    const [before, calls] = [fingerprints(), hosts.map((host) => host.log())];
    assert.deepEqual(await first.up(), { same: 11, create: 0, update: 0, replace: 0, delete: 0 });
    assert.deepEqual([fingerprints(), hosts.map((host) => host.log())], [before, calls]);

    assert.ok(!project.stateText("backend").includes("PRIVATE KEY"));
    assert.equal((await first.destroy()).delete, 11);
    assert.deepEqual(reboots(), [1, 1]);
    assert.ok(!one?.has("etc/default/grub.d/zz-tokenrack-vfio.cfg"));
    assert.equal(two?.read("etc/kernel/cmdline"), "root=ZFS=rpool/ROOT/pve-1 boot=zfs quiet\n");
  });

  it("runs all stages again for a changed setting, and reboots once more where that needs it", async () => {
    await start({});
    await (await project.open(program())).up();
    assert.equal((await (await project.open(program({ settleSeconds: 6 }))).up()).update, 4);
    assert.deepEqual(reboots(), [1]);
    assert.equal((await (await project.open(program({ acsOverride: true }))).up()).update, 4);
    assert.deepEqual(reboots(), [2]);
    const left = await project.open(program({ acsOverride: true, restoreHost: false }));
    await left.up();
    await left.destroy();
    assert.ok(hosts[0]?.has("etc/default/grub.d/zz-tokenrack-vfio.cfg"));
  });

  it("names what a hand has changed, which no run sees, and is set right by one stage run again", async () => {
    await start({});
    const [host] = hosts;
    assert.ok(host !== undefined);
    const stack = await project.open(program());
    const look = async (): Promise<HostLook> => {
      const { address, port, user, hostKey } = host;
      const plan = { vfio: planOf("pve1"), ssh: { address, port, user, hostKey } };
      const [found] = await lookAtHosts([plan], { privateKey: host.privateKey }, 60_000);
      assert.ok(found !== undefined);
      return found;
    };
    assert.deepEqual((await look()).drift, []);
    await stack.up();
    assert.deepEqual([(await look()).drift, lookVerdict(await look())], [[], "ready: nothing to do"]);
    const [grubFile, menu] = ["etc/default/grub.d/zz-tokenrack-vfio.cfg", "boot/grub/grub.cfg"];
    const wanted = host.read(grubFile);
    host.write(grubFile, "GRUB_CMDLINE_LINUX_DEFAULT=quiet\n");
    host.write(menu, host.read(menu).replaceAll(" iommu=pt", ""));
    const line = `/${grubFile}: found GRUB_CMDLINE_LINUX_DEFAULT=quiet, expected GRUB_CMDLINE_LINUX_DEFAULT="\${GRUB_CMDLINE_LINUX_DEFAULT:-} iommu=pt"`;
    assert.deepEqual((await look()).drift, [line]);
    await host.reboot();
    const drifted = await look();
    assert.deepEqual(drifted.drift, [line, "the running kernel was started without iommu=pt"]);
    assert.match(lookVerdict(drifted), /which an up alone does not look at/);
    assert.deepEqual({ ...(await stack.up()), same: 0 }, { same: 0, create: 0, update: 0, replace: 0, delete: 0 });
    const before = host.reboots;
    const [, command] = /--replace '(.*)'/.exec(healCommand({ host: "x" }).replace("vfio-x", "pve1")) ?? [];
    const { create, replace, delete: gone } = await stack.up({ replace: [command ?? ""] });
    assert.deepEqual([create, replace, gone], [0, 1, 0]);
    assert.deepEqual([host.read(grubFile), host.reboots], [wanted, before + 1]);
    assert.deepEqual([(await look()).drift, lookVerdict(await look())], [[], "ready: nothing to do"]);
  });

  it("tells a refusal with its four fields, and touches nothing", async () => {
    await start({ iommuInFirmware: false });
    const untouched = fingerprints();
    const message = await failure((await project.open(program())).up());
    assert.match(
      message,
      /pve1-inspect: Process exited with status 3: running "sh -s inspect":\n\s*pve1: refused before any change\n\s*checked: {2}IOMMU in the firmware\n\s*found: .*\n\s*expected: .*\n\s*fix: /,
    );
    assert.deepEqual(fingerprints(), untouched);
  });

  it("refuses a host that shows another key, before anything is sent to it", async () => {
    await start({}, {});
    const swapped = (host: SimHost): string => hosts.find((other) => other !== host)?.hostKey ?? "";
    const message = await failure((await project.open(program({}, swapped))).up());
    assert.match(message, /pve1-inspect: after 5 failed attempts: ssh: handshake failed: ssh: host key mismatch/);
    for (const host of hosts) assert.doesNotMatch(host.read(".sim/sshd.log"), /userauth|Accepted/);
  });
});
