import assert from "node:assert/strict";
import { logDirectory } from "../../local/engineLog";
import { rayTokenFile } from "../../local/rayEnvironment";
import { rayApi } from "../../local/rayApi";
import { LocalError } from "../../local/report";
import { privateDirectory, rayTempDirectory, removePart } from "../../local/runFiles";
import { writePrivate } from "../../system/privateFile";
import { applicationState, deleteServe, deployServe } from "../../local/serve";
import { errorOf, fields, freePort, Place, quiet } from "../support/fixtures";
import { application, fake, type Answerer, type Fake } from "./fakes";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { dirname, join } from "node:path";

const path = "/api/serve/applications/";
const accepted = { status: 200, body: {} };

describe("Ray's API and Serve on it", () => {
  const { said } = quiet();
  let place: Place;
  let run: string;
  let dashboard: Fake | undefined;
  let deployer: Server | undefined;
  let asked: unknown[];
  beforeEach(() => {
    place = new Place();
    asked = [];
    run = place.path("run");
    privateDirectory(dirname(rayTokenFile(run)));
    privateDirectory(rayTempDirectory(run));
    writePrivate(rayTokenFile(run), "the-token");
  });
  afterEach(async () => {
    await dashboard?.close();
    dashboard = undefined;
    deployer?.close();
    deployer = undefined;
    removePart(run, "ray");
    place.remove();
  });

  const start = async (answer: Answerer): Promise<Fake> => (dashboard = await fake(answer));
  /** The process that deploys, waiting for its request: notes it, and answers with `error`. */
  const waitingDeployer = (error: string | null): Promise<void> =>
    new Promise((resolve) => {
      deployer = createServer((socket) =>
        socket.on("data", (line) => {
          asked.push(JSON.parse(line.toString()));
          socket.end(JSON.stringify({ error }));
        }),
      ).listen(join(rayTempDirectory(run), "deployer.sock"), resolve);
    });
  const deploy = async (port: number, error: string | null = null): Promise<void> => {
    await waitingDeployer(error);
    const home = { runDirectory: run, cacheDirectory: place.path("cache"), pythonDirectory: place.path("python") };
    const serveConfig = "applications:\n  - name: llm\n    args: {a: 1}\n";
    await deployServe({ ...home, gcsPort: 16379, dashboardPort: port, serveConfig }, 1);
  };
  /** A log of Ray's session, written now or at the epoch. */
  const log = (name: string, text: string, old = false): void => {
    const file = join(logDirectory(run), name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    if (old) utimesSync(file, 1, 1);
  };

  it("sends the token from the file, read each time, and nothing that looks like a browser", async () => {
    const { port, seen } = await start(() => accepted);
    const api = rayApi(port, rayTokenFile(run));
    assert.deepEqual(await api.get("/x"), { status: 200, body: "{}" });
    writePrivate(rayTokenFile(run), "another");
    await api.delete("/x");
    const sent = seen.map(({ method, headers }) => [method, headers.authorization]);
    assert.deepEqual(sent, [
      ["GET", "Bearer the-token"],
      ["DELETE", "Bearer another"],
    ]);
    for (const { headers } of seen) {
      const browser = Object.keys(headers).filter((name) => /^(sec-|origin$|referer$|user-agent$)/.test(name));
      assert.deepEqual(browser, []);
    }
  });

  it("answers undefined when nobody listens, the connection breaks, or there is no token", async () => {
    assert.equal(await rayApi(await freePort(), rayTokenFile(run)).get("/"), undefined);
    const { port } = await start(() => undefined);
    assert.equal(await rayApi(port, rayTokenFile(run)).get("/"), undefined);
    assert.equal(await rayApi(port, place.path("none")).get("/"), undefined);
  });

  it("knows no state of an application that Ray does not know, or when Ray refuses or talks of something else", async () => {
    const answers = [
      { status: 200, body: { applications: {} } },
      { status: 401, body: {} },
      { status: 200, body: { applications: 7 } },
    ];
    const { port } = await start(() => answers.shift());
    const api = rayApi(port, rayTokenFile(run));
    for (let i = 0; i < 3; i++) assert.equal(await applicationState(api), undefined);
  });

  it("has the config deployed and waits until the application runs, saying what the engine does", async () => {
    const states = ["NOT_STARTED", "DEPLOYING", "DEPLOYING", "RUNNING"];
    log("worker-1.err", "INFO Initializing a V1 LLM engine\n");
    const { port, seen } = await start(() => {
      if (states.length === 2) log("worker-2.err", "INFO Loading safetensors checkpoint shards:  50% Completed\n");
      return application(states.shift() ?? "RUNNING");
    });
    await deploy(port);
    assert.deepEqual(
      seen.map(({ method, path: at }) => `${method} ${at}`),
      Array<string>(4).fill(`GET ${path}`),
    );
    const config = { applications: [{ name: "llm", args: { a: 1 } }] };
    assert.deepEqual(asked, [{ address: "127.0.0.1:16379", config }]);
    assert.equal(said(), "deploying the Serve config\nstarting the engine\nloading the weights, 50%\n");
  });

  it("carries Serve's message and the engine's own errors when the deployment failed", async () => {
    log("worker-1.err", "INFO fine\nValueError: the KV cache does not fit\n");
    log("raylet.err", "RuntimeError: not a worker's\n");
    log("worker-0.err", "RuntimeError: of an older deployment\n", true);
    const failed = application("DEPLOY_FAILED", "The deployment failed to start 3 times", {
      LLMServer: { status: "UNHEALTHY", message: "replica died" },
    });
    const { port } = await start(() => failed);
    const error = await errorOf(deploy(port));
    assert.ok(error instanceof LocalError);
    const { found, fix } = fields(error.message);
    assert.equal(
      found,
      "DEPLOY_FAILED: The deployment failed to start 3 times\nreplica died\nValueError: the KV cache does not fit",
    );
    assert.ok(fix.includes(rayTempDirectory(run)));
  });

  it("says what Serve has against a config", async () => {
    const { port } = await start(() => application("RUNNING"));
    const { checked, found } = fields((await errorOf(deploy(port, "ValidationError: 1 error"))).message);
    assert.deepEqual([checked, found], ["the Serve config", "ValidationError: 1 error"]);
  });

  it("notices that Ray was not there", async () => {
    const { found } = fields((await errorOf(deploy(await freePort()))).message);
    assert.equal(found, "Ray does not answer");
  });

  it("notices that Ray vanishes while it waits; a pause of a few looks is none", async () => {
    let looks = 0;
    const { port, seen } = await start(() => {
      looks++;
      return looks === 1 || looks === 12 ? application("DEPLOYING") : undefined;
    });
    const { found } = fields((await errorOf(deploy(port))).message);
    assert.equal(found, "Ray does not answer");
    assert.equal(seen.length, 12 + 41);
  });

  it("takes the application away, and is content when Ray is gone", async () => {
    const { port, seen } = await start(() => accepted);
    const daemons = place.path("run", "ray", "daemons.json");
    writeFileSync(daemons, "[]");
    await deleteServe({ runDirectory: run, dashboardPort: port });
    assert.deepEqual(
      seen.map(({ method, path: at }) => `${method} ${at}`),
      [`DELETE ${path}`],
    );
    await deleteServe({ runDirectory: run, dashboardPort: await freePort() });
    await deleteServe({ runDirectory: place.path("never"), dashboardPort: port });
    writeFileSync(daemons, JSON.stringify([{ pid: process.pid, started: "0", name: "a dead one's number" }]));
    await deleteServe({ runDirectory: run, dashboardPort: port });
    assert.equal(seen.length, 1);
  });
});
