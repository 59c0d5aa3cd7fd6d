import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { lookAtHosts } from "../../../cli/preview/look";
import { lookVerdict } from "../../../cli/preview/lookText";
import type { HostPlan, HostSsh } from "../../../plan/hosts";
import { startHost, type SimHost, type SimOptions } from "../../../sim/host/simHost";

const gpu = "0000:65:00.0";

/** Real SSH and real scripts; the hosts are simulated. */
describe("looking at hosts", function () {
  this.timeout(60_000);
  let hosts: SimHost[] = [];
  afterEach(async () => {
    await Promise.all(hosts.map((host) => host.stop()));
    hosts = [];
  });

  const start = async (...its: Partial<SimOptions>[]): Promise<void> => {
    const common = { cpu: "intel", loader: "grub", kernel: "6.8", gpus: [{ pci: gpu, card: "rtx-3090" }] } as const;
    hosts = await Promise.all(its.map((one, index) => startHost({ ...common, name: `pve${index + 1}`, ...one })));
  };
  const planOf = (host: Required<HostSsh>, name: string): HostPlan => ({
    vfio: {
      ...{ name, gpus: [{ pci: gpu, vm: "gpu-1" }], acsOverride: false, allowPrimaryGpu: false },
      ...{ reboot: name === "pve2" ? "never" : "ifNeeded", restoreHost: false, settleSeconds: 1, lingerSeconds: 1 },
    },
    ssh: { address: host.address, port: host.port, user: host.user, hostKey: host.hostKey },
  });
  const plans = (): HostPlan[] => hosts.map((host, index) => planOf(host, `pve${index + 1}`));
  const ms = 20_000;

  it("says who will reboot and why, what is there and what is wrong, and writes nothing", async () => {
    await start({}, { cpu: "amd", loader: "systemd-boot" }, { iommuInFirmware: false });
    const before = hosts.map((host) => [host.fingerprint(), host.log(), host.reboots]);
    // All hosts have keys of their own: each is opened by its own.
    const looks = await Promise.all(
      hosts.map(async (host, index) => {
        const plan = plans()[index];
        assert.ok(plan !== undefined);
        return (await lookAtHosts([plan], { privateKey: host.privateKey }, ms))[0];
      }),
    );
    const [one, two, three] = looks;
    assert.ok(one !== undefined && two !== undefined && three !== undefined);
    assert.equal(lookVerdict(one), "will reboot");
    assert.ok(one.reboot.includes("the running kernel was started without iommu=pt"), one.reboot.join());
    assert.deepEqual(
      one.gpus.map(({ pci, id, others }) => [pci, id, others]),
      [[gpu, "10de:2204", ["0000:65:00.1"]]],
    );
    assert.match(lookVerdict(two), /may not/);
    assert.deepEqual([three.reached, three.faults.map(({ checked }) => checked)], [true, ["IOMMU in the firmware"]]);
    for (const { found, expected, fix } of three.faults) assert.ok(found !== "" && expected !== "" && fix !== "");
    assert.deepEqual(
      hosts.map((host) => [host.fingerprint(), host.log(), host.reboots]),
      before,
    );
  });

  it("refuses another host key before anything is sent that proves who we are", async () => {
    await start({}, {});
    const [host, other] = hosts;
    assert.ok(host !== undefined && other !== undefined);
    const plan = planOf(
      { ...host, address: host.address, user: host.user, port: host.port, hostKey: other.hostKey },
      "pve1",
    );
    const [look] = await lookAtHosts([plan], { privateKey: host.privateKey }, ms);
    assert.equal(look?.reached, false);
    assert.match(look?.faults[0]?.found ?? "", /another host key/);
    assert.doesNotMatch(host.read(".sim/sshd.log"), /userauth|Accepted/);
  });

  it("tells a login that is refused from a host that is not there", async () => {
    await start({}, {});
    const [host, other] = hosts;
    assert.ok(host !== undefined && other !== undefined);
    const [login] = await lookAtHosts([planOf(host, "pve1")], { privateKey: other.privateKey }, ms);
    assert.match(login?.faults[0]?.found ?? "", /the key is not taken/);
    const [gone] = await lookAtHosts(
      [planOf({ ...planOf(host, "x").ssh, hostKey: host.hostKey, port: 1 }, "pve1")],
      {},
      ms,
    );
    assert.match(gone?.faults[0]?.found ?? "", /ECONNREFUSED/);
  });

  it("waits no longer than told for a host that never says a word, and not for it with the others", async () => {
    await start({});
    const [host] = hosts;
    assert.ok(host !== undefined);
    const silent: Server = createServer(() => undefined);
    const port = await new Promise<number>((resolve) => {
      silent.listen(0, "127.0.0.1", () => {
        const address = silent.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
    const tarpit = planOf({ ...planOf(host, "x").ssh, hostKey: host.hostKey, port }, "pve2");
    try {
      const looks = await lookAtHosts([planOf(host, "pve1"), tarpit], { privateKey: host.privateKey }, 6000);
      assert.deepEqual(
        looks.map(({ host: name, reached }) => [name, reached]),
        [
          ["pve1", true],
          ["pve2", false],
        ],
      );
      assert.match(looks[1]?.faults[0]?.found ?? "", /no answer within 6 s|Timed out/);
    } finally {
      silent.close();
    }
  });
});
