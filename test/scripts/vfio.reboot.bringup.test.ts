import assert from "node:assert/strict";
import type { VfioHostPlan } from "../../render/vfio";
import type { SimOptions } from "../../sim/host/simHost";
import { Bench, faultsOf, gpu, plan } from "./support";

/** A host with all files in place that has not been rebooted yet. */
async function applied(its: Partial<SimOptions> = {}, asked: VfioHostPlan = plan): Promise<Bench> {
  const bench = await Bench.start(its);
  await bench.run("apply", asked);
  return bench;
}

describe("scripts/vfio-reboot (simulated host)", function () {
  this.timeout(60_000);
  let bench: Bench;
  afterEach(() => bench.stop());

  it("does not reboot without consent: says why, and that all else is done", async () => {
    const never = { ...plan, reboot: "never" as const };
    bench = await applied({}, never);
    const [fault, ...others] = faultsOf(await bench.failure("reboot", never));
    assert.equal(fault?.checked, "consent to reboot");
    assert.match(fault.found, /^reboot: never, and the running kernel was started without intel_iommu=on; /);
    assert.match(fault.fix, /^reboot pve1 yourself, or set reboot: ifNeeded for it; then run again/);
    assert.deepEqual(others, []);
    assert.equal(bench.host.reboots, 0);
    await bench.host.reboot();
    assert.equal(await bench.run("reboot", never), '{"tokenrack":"vfio-reboot","from":null}');
    await bench.run("verify", never);
  });

  it("does not reboot while a VM runs with the GPU", async () => {
    bench = await applied();
    await bench.host.startVm(7, gpu);
    assert.deepEqual(
      faultsOf(await bench.failure("reboot")).map(({ found }) => found),
      ["VM 7 runs with it"],
    );
    assert.equal(bench.host.reboots, 0);
  });

  it("does not reboot a second time for the same change, when the first did not help", async () => {
    bench = await applied({ vfioFails: true });
    const stdout = await bench.run("reboot");
    const rebootedFrom = (JSON.parse(stdout) as { from: string }).from;
    const [wrong] = faultsOf(await bench.failure("verify", plan, { rebootedFrom }));
    assert.equal(wrong?.checked, "passthrough");
    assert.equal(wrong.expected, "vfio-pci or no driver on 0000:65:00.0 0000:65:00.1");
    const [fault] = faultsOf(await bench.failure("reboot"));
    assert.equal(fault?.checked, "state after the reboot");
    assert.match(fault.fix, /it is not rebooted again for the same change$/);
    assert.equal(bench.host.reboots, 1);
  });

  it("waits for quorum and for Ceph, each for a bounded time", async () => {
    bench = await applied({ quorate: false, ceph: "HEALTH_WARN 1 osds down" });
    const faults = faultsOf(await bench.failure("reboot"));
    assert.deepEqual(
      faults.map(({ checked, found, expected }) => [checked, found, expected]),
      [
        ["quorum of the Proxmox cluster", "not quorate for 1 s", "Quorate: Yes"],
        ["Ceph's health", "HEALTH_WARN 1 osds down for 1 s", "HEALTH_OK"],
      ],
    );
    assert.equal(bench.host.reboots, 0);
    const patient = { ...plan, settleSeconds: 20 };
    const running = bench.run("reboot", patient);
    bench.host.write(".sim/quorate", "Yes\n");
    bench.host.write(".sim/ceph", "HEALTH_OK\n");
    await running;
    const verified = await bench.run("verify", patient);
    assert.match(verified, /"quorate":true,"ceph":"HEALTH_OK"/);
  });

  it("never comes back: the next stage gives up after its dials, and a second run does not reboot", async () => {
    bench = await applied({ neverReturns: true });
    await bench.run("reboot");
    bench.dialErrorLimit = 3;
    const message = await bench.failure("verify");
    assert.match(message, /^after 3 failed attempts: dial tcp 127\.0\.0\.1:\d+: connect: connection refused$/);
    assert.match(await bench.failure("reboot"), /^after 3 failed attempts/);
    assert.equal(bench.host.reboots, 1);
  });

  it("says so where the reboot was asked for and did not come", async () => {
    bench = await applied();
    bench.host.write(".sim/no-reboot", "");
    const { from } = JSON.parse(await bench.run("reboot")) as { from: string };
    const faults = faultsOf(await bench.failure("verify", plan, { rebootedFrom: from }));
    assert.deepEqual(faults[0]?.found, `pve1 still runs boot ${from}`);
  });

  it("does not reboot where sshd does not close", async () => {
    bench = await applied();
    bench.host.write(".sim/sshd-stays", "");
    const [fault] = faultsOf(await bench.failure("reboot"));
    assert.equal(fault?.checked, "sshd before the reboot");
    assert.equal(bench.host.reboots, 0);
  });
});
