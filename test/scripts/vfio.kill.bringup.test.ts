import assert from "node:assert/strict";
import { parseRebootedFrom } from "../../render/vfio";
import { Bench, files, plan } from "./support";

const ours = /tokenrack/;

/** Kills the remote shell, with all that it has started, before each call that changes something. */
describe("scripts/vfio killed at every step (simulated host)", function () {
  this.timeout(300_000);
  let bench: Bench;
  before(async () => {
    bench = await Bench.start({ loader: "systemd-boot" });
    bench.host.snapshot("fresh");
  });
  after(() => bench.stop());

  /** How many steps a stage has. */
  const count = async (stage: "apply" | "restore"): Promise<number> => {
    bench.host.killAt(undefined);
    await bench.run(stage);
    return bench.host.steps();
  };

  it("apply: no file is ever half written, and the next run reaches the same end", async () => {
    const { host } = bench;
    const steps = await count("apply");
    const end = files(host);
    const manifest = host
      .read("var/lib/tokenrack/vfio/manifest")
      .split("\n")
      .map((line) => line.split(" ").slice(0, 3));
    assert.ok(steps > 15, String(steps));
    for (let step = 1; step <= steps; step++) {
      host.rollBack("fresh");
      const start = files(host);
      host.killAt(step);
      await bench.failure("apply");
      for (const [path, text] of Object.entries(files(host))) {
        assert.ok([start[path], end[path]].includes(text), `step ${step}: ${path} is neither old nor new:\n${text}`);
      }
      host.killAt(undefined);
      await bench.run("apply");
      assert.deepEqual(files(host), end, `step ${step}`);
      const again = host
        .read("var/lib/tokenrack/vfio/manifest")
        .split("\n")
        .map((line) => line.split(" ").slice(0, 3));
      assert.deepEqual(again, manifest, `step ${step}`);
      const pending = ["loader", "initramfs"].filter((name) => host.has(`var/lib/tokenrack/vfio/pending-${name}`));
      assert.deepEqual(pending, [], `step ${step}`);
    }
  });

  it("restore: the next run reaches the first state", async () => {
    const { host } = bench;
    host.rollBack("fresh");
    const start = files(host);
    await bench.run("apply");
    host.snapshot("applied");
    const steps = await count("restore");
    for (let step = 1; step <= steps; step++) {
      host.rollBack("applied");
      host.killAt(step);
      await bench.failure("restore");
      host.killAt(undefined);
      await bench.run("restore");
      assert.deepEqual(files(host), start, `step ${step}`);
      assert.deepEqual(
        Object.keys(files(host)).filter((path) => ours.test(path)),
        [],
        `step ${step}`,
      );
    }
  });

  it("reboot: there is one, whenever the asking for it was cut off", async () => {
    const { host } = bench;
    let step = 0;
    for (let killed = true; killed;) {
      step += 1;
      host.rollBack("fresh");
      await host.reboot();
      const reboots = host.reboots;
      const applied = await bench.run("apply");
      host.killAt(step);
      const first = await bench.run("reboot", plan, { applied }).catch(() => undefined);
      killed = first === undefined;
      host.killAt(undefined);
      const stdout = first ?? (await bench.run("reboot", plan, { applied }));
      await bench.run("verify", plan, { rebootedFrom: parseRebootedFrom(stdout) });
      assert.equal(host.reboots - reboots, 1, `step ${step}`);
    }
    assert.ok(step > 2, String(step));
  });

  it("reboot: there is one, where the connection was lost after it was asked for", async () => {
    const { host } = bench;
    host.rollBack("fresh");
    await host.reboot();
    const reboots = host.reboots;
    const applied = await bench.run("apply");
    const asked = host.log().filter((line) => line.startsWith("systemd-run")).length;
    const cut = bench.runAndCut(
      "reboot",
      () => host.log().filter((line) => line.startsWith("systemd-run")).length > asked,
    );
    await assert.rejects(cut);
    // The host may go in the middle of the next run as well, if that one is quick.
    const again = (): Promise<string> => bench.run("reboot", plan, { applied });
    const stdout = await again().catch(again);
    await bench.run("verify", plan, { rebootedFrom: parseRebootedFrom(stdout) });
    assert.equal(host.reboots - reboots, 1);
  });
});
