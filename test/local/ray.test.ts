import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { findProcesses } from "../../local/processes";
import { deadDaemons, startRay, stopRay, type RayRequest } from "../../local/ray";
import { rayTokenFile } from "../../local/rayEnvironment";
import { LocalError } from "../../local/report";
import { rayTempDirectory } from "../../local/runFiles";
import { Environment, errorOf, fields, Place, quiet } from "../support/fixtures";
import { fake, type Fake } from "./fakes";

describe("Ray as processes of a stack (a fake `ray` that leaves daemons behind)", () => {
  let place: Place;
  let run: string;
  let dashboard: Fake;
  const caller = new Environment();
  beforeEach(async () => {
    place = new Place();
    run = place.path("run");
    dashboard = await fake(({ headers }) => ({
      status: headers.authorization === "Bearer the-token" ? 200 : 401,
      body: {},
    }));
  });
  afterEach(async () => {
    caller.restore();
    await stopRay(run);
    await dashboard.close();
    place.remove();
  });
  quiet(); // After the stop above, which has its say as well.

  const request = (change: Partial<RayRequest> = {}): RayRequest => ({
    runDirectory: run,
    cacheDirectory: place.path("cache"),
    pythonDirectory: place.path("python"),
    ports: { rayGcs: 16379, rayDashboard: dashboard.port, rayClient: 20001 },
    numCpus: 2,
    numGpus: 0,
    reservedCores: 1,
    objectStoreMib: 256,
    ...change,
  });
  /** Notes arguments and environment, then leaves a daemon and an agent running, as `ray start` does. */
  const fakeRay = (): void =>
    void place.program(
      "python/bin/ray",
      `printf '%s\\n' "$@" > ${place.path("args")}; /usr/bin/env -0 > ${place.path("env")}; pwd > ${place.path("cwd")}
      /bin/mkdir -p "$TMPDIR/session_42"; /bin/ln -s "$TMPDIR/session_42" "$TMPDIR/session_latest"
      for name in gcs_server ray::DashboardAgent ray::IDLE; do
        (exec -a $name /bin/sleep 600) >/dev/null 2>&1 </dev/null &
        # Until it is what it will be: before, it looks like this script.
        until IFS= read -r -d '' first < /proc/$!/cmdline && [ "$first" = $name ]; do :; done
      done`,
      "/bin/bash",
    );
  const variables = (): Record<string, string> =>
    Object.fromEntries(
      place
        .read("env")
        .split("\0")
        .map((one) => [one.slice(0, one.indexOf("=")), one.slice(one.indexOf("=") + 1)]),
    );

  it("starts on loopback with token auth and gives the session's name", async () => {
    fakeRay();
    assert.equal(await startRay(request(), "the-token"), "session_42");
    const args = place.read("args").trim().split("\n");
    const expected = [
      "--head",
      "--node-ip-address=127.0.0.1",
      "--dashboard-host=127.0.0.1",
      "--port=16379",
      `--dashboard-port=${dashboard.port}`,
      "--ray-client-server-port=20001",
      "--num-cpus=2",
      "--num-gpus=0",
      "--object-store-memory=268435456",
    ];
    assert.deepEqual(
      expected.filter((one) => !args.includes(one)),
      [],
    );
    const environment = variables();
    assert.deepEqual(
      [
        "RAY_AUTH_MODE",
        "RAY_AUTH_TOKEN_PATH",
        "TOKENRACK_RUN",
        "VLLM_CPU_NUM_OF_RESERVED_CPU",
        "CUDA_VISIBLE_DEVICES",
      ].map((name) => environment[name]),
      ["token", rayTokenFile(run), run, "1", undefined],
    );
    assert.equal(place.read("cwd").trim(), place.path("run", "ray"));
  });

  it("gives its token by a file, in no argument and no environment", async () => {
    fakeRay();
    await startRay(request(), "the-token");
    assert.equal(place.read("run/ray/token"), "the-token");
    assert.ok(!place.read("args").includes("the-token") && !place.read("env").includes("the-token"));
  });

  it("inherits nothing that is the caller's business", async () => {
    fakeRay();
    const canaries = ["PULUMI_CONFIG_PASSPHRASE", "HF_TOKEN", "TOKENRACK_INPUT", "NODE_OPTIONS", "PYTHONPATH", "ANY"];
    canaries.forEach((name) => caller.set(name, ""));
    caller.set("ANY", "CANARY");
    caller.set("HF_TOKEN", "CANARY");
    caller.set("LC_ALL", "C.UTF-8");
    await startRay(request(), "the-token");
    const its = variables();
    assert.deepEqual(
      canaries.filter((name) => name in its),
      ["PYTHONPATH"], // Ours.
    );
    assert.ok(!place.read("env").includes("CANARY"));
    assert.deepEqual(
      [its["LC_ALL"], its["HOME"], its["XDG_CACHE_HOME"], its["XDG_CONFIG_HOME"]],
      ["C.UTF-8", process.env["HOME"], place.path("cache/xdg/cache"), place.path("cache/xdg/config")],
    );
  });

  it("imports our modules from the run directory, so that Python writes nothing into the checkout", async () => {
    fakeRay();
    await startRay(request(), "the-token");
    assert.equal(variables()["PYTHONPATH"], place.path("run", "ray", "python"));
    assert.match(place.read("run/ray/python/tokenrack_local.py"), /^class ModelOnDisk/m);
    assert.equal(existsSync(place.path("run", "ray", "python", "__pycache__")), false);
  });

  it("is shown one GPU, by PCI order", async () => {
    fakeRay();
    await startRay(request({ gpuIndex: 1, numGpus: 1 }), "the-token");
    const { CUDA_DEVICE_ORDER, CUDA_VISIBLE_DEVICES } = variables();
    assert.deepEqual([CUDA_DEVICE_ORDER, CUDA_VISIBLE_DEVICES], ["PCI_BUS_ID", "1"]);
  });

  it("knows its daemons: one that is gone is named, a worker that ends is Ray's business", async () => {
    fakeRay();
    assert.equal(deadDaemons(run), undefined);
    await startRay(request(), "the-token");
    assert.deepEqual(deadDaemons(run), []);
    const end = async (name: string): Promise<void> => {
      const ref = findProcesses(run, "ray").find((one) => one.name.startsWith(name));
      assert.ok(ref !== undefined, name);
      process.kill(ref.pid, "SIGKILL");
      while (findProcesses(run, "ray").some(({ pid }) => pid === ref.pid))
        await new Promise((done) => setImmediate(done));
    };
    await end("ray::IDLE");
    assert.deepEqual(deadDaemons(run), []);
    await end("gcs_server");
    assert.deepEqual(
      deadDaemons(run)?.map(({ name }) => name),
      ["gcs_server 600"],
    );
  });

  it("is gone with all its processes and files after a stop; a second stop is fine", async () => {
    fakeRay();
    await startRay(request(), "the-token");
    assert.equal(findProcesses(run, "ray").length, 3);
    await stopRay(run);
    assert.deepEqual(
      [findProcesses(run, "ray"), existsSync(run), existsSync(rayTempDirectory(run))],
      [[], false, false],
    );
    await stopRay(run);
  });

  it("says in four fields, with Ray's last lines, why it did not start", async () => {
    place.program("python/bin/ray", "echo 'ConnectionError: port 16379 is in use' >&2; exit 1");
    const error = await errorOf(startRay(request(), "the-token"));
    assert.ok(error instanceof LocalError);
    const { checked, found } = fields(error.message);
    assert.deepEqual([checked, found], ["Ray's start", "exit code 1:\nConnectionError: port 16379 is in use"]);
  });
});
