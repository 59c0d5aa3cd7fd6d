import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { gone } from "../../engine/harness";
import { Place } from "../../support/fixtures";

const source = `
import { startHost } from ${JSON.stringify(join(__dirname, "..", "..", "..", "sim", "host", "simHost"))};
void startHost({
  ...{ name: "pve1", cpu: "intel", loader: "grub", kernel: "6.8", quorate: true, ceph: "HEALTH_OK" },
  ...{ gpus: [], neverReturns: true },
}).then((host) => {
  console.log(host.pid);
  process.stdin.once("data", () => {
    void host.reboot().catch(() => undefined);
    const timer = setInterval(() => {
      if (host.reboots === 0) return;
      clearInterval(timer);
      console.log("down");
    }, 10);
  });
});
`;

describe("a simulated host whose owner is killed", function () {
  this.timeout(60_000);
  const place = new Place();
  let owner: ChildProcess | undefined;
  let host = 0;
  afterEach(() => {
    owner?.kill("SIGKILL");
    try {
      // With it goes all that runs on the host.
      if (host > 0) process.kill(host, "SIGKILL");
    } catch {
      // It has ended, as it should.
    }
  });
  after(() => place.remove());

  /** Starts a host in a process of its own. @param down whether it is down for a reboot, and will not come back by itself */
  async function ownedHost(down: boolean): Promise<number> {
    place.write("owner.ts", source);
    const tsx = require.resolve("tsx/cjs");
    const child = spawn(process.execPath, ["--require", tsx, place.path("owner.ts")], {
      env: { ...process.env, TMPDIR: place.directory },
      stdio: ["pipe", "pipe", "inherit"],
    });
    owner = child;
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const pid = Number((await lines.next()).value);
    assert.ok(pid > 0);
    host = pid;
    if (down) {
      child.stdin.write("reboot\n");
      assert.equal((await lines.next()).value, "down");
    }
    return pid;
  }

  for (const down of [false, true])
    it(`ends with all that runs on it ${down ? "while it is down for a reboot" : "while it is up"}`, async () => {
      const pid = await ownedHost(down);
      const ended = once(owner ?? assert.fail(), "exit");
      owner?.kill("SIGKILL");
      await ended;
      await gone(pid);
    });
});
