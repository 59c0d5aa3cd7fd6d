import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { renderDeckhouse } from "../../../render/deckhouse";
import { phases } from "../../../sim/dhctl/dhctl";
import { homelab } from "../../render/deckhouse/cases";
import { licence, MadeMaster, type Ended } from "./madeMaster";

const rendered = renderDeckhouse(homelab);
const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

describe("deckhouse-bootstrap.sh, with a simulated installer and a real sshd", function () {
  this.timeout(60_000);
  const master = new MadeMaster();
  before(() => master.start());
  beforeEach(() => master.reset());
  after(() => master.end());

  const settings = (change: Readonly<Record<string, string>> = {}): Record<string, string> => ({
    state: master.state,
    image: rendered.image,
    registry: rendered.licensedRegistry ?? "",
    engine: "auto",
    master_address: "127.0.0.1",
    master_port: String(master.port),
    master_user: userInfo().username,
    config: rendered.bootstrap,
    deckhouse_timeout: "30m",
    ...change,
  });
  const keyText = (): string => Buffer.from(master.key).toString("base64");
  const secrets = (key: string = licence, hostKey = master.hostKey): Record<string, string> => ({
    "nodeSshKey.base64": keyText(),
    deckhouseLicenseKey: key,
    masterHostKey: hostKey,
  });
  const run = (change: Readonly<Record<string, string>> = {}, env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
    master.run("bootstrap", settings(change), { secrets: secrets(), env });

  /** Starts a run that stops at a place, and waits until it is there. */
  const held = async (place: string) => {
    const started = master.begin("bootstrap", settings(), {
      secrets: secrets(),
      env: { TOKENRACK_SIM_HOLD: place },
    });
    while (!existsSync(join(master.world, "held"))) {
      assert.equal(started.child.exitCode, null, `ended before ${place}`);
      await wait(20);
    }
    return started;
  };
  const files = (directory: string): string[] =>
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  const clean = (): void => {
    assert.ok(!existsSync(join(master.state, "private")));
    for (const file of files(master.state)) {
      const text = readFileSync(file, "utf8");
      for (const secret of [licence, keyText(), master.key]) assert.ok(!text.includes(secret), file);
    }
  };
  const steps = ["001_install_packages.sh", "032_configure_containerd.sh", "050_kubeadm_init.sh"];
  const everything = [...steps.map((step) => `step ${step}`), "install deckhouse"];

  it("installs, prints the cluster's uid, and keeps the log and no secret", async () => {
    const { code, out, err } = await run();
    assert.equal(code, 0, err);
    assert.equal(out.trim(), master.read().uid);
    assert.deepEqual(master.writes(), everything);
    assert.match(readFileSync(join(master.state, "bootstrap.log"), "utf8"), /Deckhouse cluster created successfully!/);
    assert.match(err, /Phase InstallKubernetes/);
    assert.equal(statSync(master.state).mode & 0o077, 0);
    clean();
  });

  it("leaves an installed cluster alone, also one that it knows nothing of", async () => {
    const first = await run();
    const writes = master.writes();
    const second = await run({ image: "other/install:beta", config: "other: yes\n" });
    assert.deepEqual([second.code, second.out], [0, first.out]);
    assert.match(second.err, /left alone/);
    assert.deepEqual(master.writes(), writes);
    assert.doesNotMatch(second.err, /runs /);
    master.installed();
    const foreign = await run();
    assert.deepEqual([foreign.code, foreign.out, master.writes()], [0, "uid-1\n", []]);
  });

  for (const place of [...phases, ...steps]) {
    it(`goes on after its shell was killed in ${place}`, async () => {
      const { child, ended } = await held(place);
      const lost = master.container();
      child.kill("SIGKILL");
      await ended;
      const { code, err } = await run();
      assert.equal(code, 0, err);
      assert.deepEqual(master.writes(), everything);
      assert.notEqual(lost, undefined);
      assert.throws(() => process.kill(lost ?? 0, 0), /ESRCH/);
      clean();
      const again = await run();
      assert.match(again.err, /left alone/);
    });
  }

  it("goes on after the installer was killed", async () => {
    const { ended } = await held("InstallDeckhouse");
    process.kill(master.container() ?? 0, "SIGKILL");
    const { code, err } = await ended;
    assert.equal(code, 1);
    assert.match(err, /ended with 137/);
    clean();
    assert.equal((await run()).code, 0);
    assert.deepEqual(master.writes(), everything);
  });

  it("takes its container and its secrets along when it is asked to end", async () => {
    const { child, ended } = await held("InstallKubernetes");
    child.kill("SIGTERM");
    assert.equal((await ended).code, 143);
    assert.equal(master.container(), undefined);
    clean();
  });

  it("shows no secret in any process while it runs", async () => {
    const { child, ended } = await held("InstallKubernetes");
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
      for (const part of ["cmdline", "environ"]) {
        let text = "";
        try {
          text = readFileSync(`/proc/${pid}/${part}`, "utf8");
        } catch {
          continue; // It has ended, or is somebody else's.
        }
        for (const secret of [licence, keyText()]) assert.ok(!text.includes(secret), `${pid} ${part}`);
      }
    }
    for (const file of files(join(master.state, "private"))) assert.equal(statSync(file).mode & 0o077, 0, file);
    child.kill("SIGTERM");
    await ended;
  });

  it("refuses a changed configuration half way, shows the change, and goes on with the old one", async () => {
    const { child, ended } = await held("InstallDeckhouse");
    child.kill("SIGKILL");
    await ended;
    const before = master.writes();
    const changed = rendered.bootstrap.replace("10.111.0.0/16", "10.112.0.0/16");
    const { code, err } = await run({ config: changed });
    assert.equal(code, 3);
    assert.match(err, /-podSubnetCIDR: 10\.111\.0\.0\/16[^]*\+podSubnetCIDR: 10\.112\.0\.0\/16/);
    assert.match(err, /fix: +put it back and run again; or make the master's VM anew/);
    assert.deepEqual(master.writes(), before);
    clean();
    assert.equal((await run()).code, 0);
  });

  it("takes a changed configuration while the master is untouched", async () => {
    const { child, ended } = await held("PostInfraPreflights");
    child.kill("SIGKILL");
    await ended;
    const { code, err } = await run({ config: rendered.bootstrap.replace("10.111.0.0/16", "10.112.0.0/16") });
    assert.equal(code, 0, err);
    assert.match(master.read().clusterConfiguration, /10\.112\.0\.0/);
  });

  it("lets a wrong licence key be put right", async () => {
    const wrong = await master.run("bootstrap", settings(), { secrets: secrets("CANARY-wrong") });
    assert.equal(wrong.code, 1);
    assert.match(wrong.err, /unauthorized: authentication required/);
    assert.doesNotMatch(wrong.err, /CANARY/);
    assert.equal((await run()).code, 0);
  });

  it("lets one run at a time, and names the other", async () => {
    const { child, ended } = await held("InstallKubernetes");
    const { code, err } = await run();
    assert.equal(code, 75);
    assert.match(err, new RegExp(`held by process ${child.pid ?? 0} on .* since 20`));
    assert.ok(existsSync(join(master.state, "private")), "the other one's files stay");
    child.kill("SIGTERM");
    await ended;
    assert.ok(!master.writes().includes("INTERLEAVED"));
  });

  it("refuses a host that shows another key, before it logs in", async () => {
    const other = master.place.read("other.pub").split(" ").slice(0, 2).join(" ");
    const { code, err } = await master.run("bootstrap", settings(), { secrets: secrets(licence, other) });
    assert.equal(code, 3);
    assert.match(err, /Host key verification failed/);
    assert.ok(!existsSync(join(master.world, "ssh.log")));
    assert.deepEqual(master.writes(), []);
  });

  it("says so when the cluster that it installed is not there", async () => {
    await run();
    master.change((world) => (world.deckhouse = false));
    const { code, err } = await run();
    assert.equal(code, 3);
    assert.match(err, /where it is only down, start it; where its VM was made anew, remove /);
  });

  it("knows a finished installation by dhctl's tombstone", async () => {
    const first = await run();
    rmSync(join(master.state, "installed"));
    const second = await run();
    assert.deepEqual([second.code, second.out], [0, first.out]);
    assert.match(second.err, /left alone/);
  });

  it("tells of an installer that fails, and goes on when run again", async () => {
    const { code, err } = await run({}, { TOKENRACK_SIM_FAIL: "InstallDeckhouse" });
    assert.equal(code, 1);
    assert.match(err, /made to fail in InstallDeckhouse[^]*found: +it ended with 1/);
    clean();
    assert.equal((await run()).code, 0);
    assert.deepEqual(master.writes(), everything);
  });

  it("names what this host lacks, and a secret without a value", async () => {
    assert.match((await run({ engine: "podman" })).err, /found: +no podman/);
    const none = await master.run("bootstrap", settings(), {
      secrets: { "nodeSshKey.base64": keyText(), masterHostKey: master.hostKey },
    });
    assert.equal(none.code, 3);
    assert.match(none.err, /no value for the secret deckhouseLicenseKey/);
  });

  describe("with a registry of one's own", () => {
    const ca = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----";
    const own = { registry_host: "registry.lan:5000", registry_ca: ca };
    let certs = "";
    const here = () => join(certs, "registry.lan:5000");
    beforeEach(() => (certs = master.place.make("certs.d")));
    afterEach(() => rmSync(certs, { recursive: true }));

    it("puts its CA where the engine looks for it, once, and takes it back", async () => {
      const { code, err } = await run(own, { REGISTRY_CERTS: certs });
      assert.equal(code, 0, err);
      assert.match(err, /docker trusts the CA of registry\.lan:5000 from now on/);
      assert.deepEqual(readdirSync(here()), ["tokenrack-test.crt"]);
      const file = join(here(), "tokenrack-test.crt");
      assert.equal(readFileSync(file, "utf8"), `${ca}\n`);
      assert.equal(statSync(file).mode & 0o444, 0o444);
      const forget = { state: master.state, ...own };
      assert.equal((await master.run("forget", forget, { env: { REGISTRY_CERTS: certs } })).code, 0);
      assert.deepEqual(readdirSync(here()), []);
    });

    it("leaves alone what the user has put there", async () => {
      mkdirSync(here());
      writeFileSync(join(here(), "ca.crt"), ca);
      assert.equal((await run(own, { REGISTRY_CERTS: certs })).code, 0);
      assert.deepEqual(readdirSync(here()), ["ca.crt"]);
    });

    it("names the file where it may not write it, before it does anything", async () => {
      writeFileSync(here(), "a file where a directory belongs");
      const { code, err } = await run(own, { REGISTRY_CERTS: certs });
      assert.equal(code, 3);
      assert.ok(err.includes(`put it at ${here()}/tokenrack-test.crt as root`), err);
      assert.deepEqual(master.writes(), []);
    });
  });

  it("forgets all but the log", async () => {
    await run();
    assert.equal((await master.run("forget", { state: master.state })).code, 0);
    assert.deepEqual(readdirSync(master.state).sort(), ["bootstrap.log", "lock", "lock.holder"]);
  });
});
