import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { buildGateway } from "../../gateway/build";
import { hashPassword } from "../../gateway/password";
import {
  gatewayFiles,
  gatewayRuns,
  isAnswering,
  startGateway,
  stopGateway,
  type GatewayRequest,
} from "../../local/gateway";
import { fetchAccessToken } from "../../local/firstToken";
import { findProcesses } from "../../local/processes";
import { LocalError } from "../../local/report";
import { renderGatewayConfig } from "../../render/gatewayConfig";
import { toYaml } from "../../render/text";
import { plan } from "../components/cases";
import { signingKey } from "../config/stacks";
import { fake } from "./fakes";
import { Environment, errorOf, fields, freePort, Place, quiet } from "../support/fixtures";

describe("the gateway as a process of a stack", () => {
  quiet();
  const place = new Place();
  const run = place.path("run");
  const bundle = place.path("gateway.js");
  let users: string;
  let port: number;

  before(async function () {
    this.timeout(60_000);
    await buildGateway(bundle);
    const passwordHash = await hashPassword("the password");
    users = JSON.stringify([{ name: "admin", passwordHash, scopes: ["admin"], models: ["*"] }]);
  });
  beforeEach(async () => {
    port = await freePort();
  });
  afterEach(() => stopGateway(run));
  after(() => place.remove());

  const request = (config?: string): GatewayRequest => {
    const { signingKey: key, users: file } = gatewayFiles(run);
    const its = { ...plan, gateway: { ...plan.gateway, port, issuer: `http://127.0.0.1:${port}` } };
    const rendered = toYaml(renderGatewayConfig(its, { signingKeys: [key], users: file }));
    return { runDirectory: run, bundle, config: config ?? rendered, port };
  };
  const start = (config?: string): Promise<number> => startGateway(request(config), { signingKey, users });
  const mode = (file: string): string => (statSync(file).mode & 0o777).toString(8);

  it("starts, knows its user, and is found", async () => {
    const pid = await start();
    assert.deepEqual(
      findProcesses(run, "gateway").map((ref) => ref.pid),
      [pid],
    );
    assert.equal(await gatewayRuns(run, port), true);
    assert.match(await fetchAccessToken(`http://127.0.0.1:${port}`, "admin", "the password"), /^ey/);
    await assert.rejects(fetchAccessToken(`http://127.0.0.1:${port}`, "admin", "another"), /\/token answered 400/);
  });

  it("has its secrets in files of its owner, not in its command line or environment", async () => {
    await start();
    const { config, signingKey: key, users: file, log } = gatewayFiles(run);
    for (const each of [config, key, file, log]) assert.equal(mode(each), "600", each);
    assert.equal(mode(place.path("run", "gateway")), "700");
    assert.deepEqual(readdirSync(place.path("run", "gateway")).sort(), [
      "gateway.log",
      "gateway.yaml",
      "signing-key.pem",
      "users.json",
    ]);
    const pid = findProcesses(run, "gateway")[0]?.pid ?? 0;
    const seen = readFileSync(`/proc/${pid}/cmdline`, "utf8") + readFileSync(`/proc/${pid}/environ`, "utf8");
    assert.ok(!seen.includes("PRIVATE KEY") && !seen.includes("$scrypt$"));
  });

  it("inherits nothing that is the caller's business", async () => {
    const caller = new Environment();
    for (const name of ["TOKENRACK_INPUT", "PULUMI_CONFIG_PASSPHRASE", "HF_TOKEN", "ANY"]) caller.set(name, "CANARY");
    caller.set("NODE_OPTIONS", "--title=CANARY");
    try {
      const pid = await start();
      assert.ok(!readFileSync(`/proc/${pid}/environ`, "utf8").includes("CANARY"));
    } finally {
      caller.restore();
    }
  });

  it("takes the place of the one that runs", async () => {
    const first = await start();
    const second = await start();
    assert.notEqual(first, second);
    assert.deepEqual(
      findProcesses(run, "gateway").map((ref) => ref.pid),
      [second],
    );
  });

  it("is gone with its files after a stop; a second stop is fine", async () => {
    await start();
    await stopGateway(run);
    assert.deepEqual([findProcesses(run, "gateway"), existsSync(run), await isAnswering(port)], [[], false, false]);
    assert.equal(await gatewayRuns(run, port), false);
    await stopGateway(run);
  });

  it("says in its own words what is wrong with its configuration, and leaves no process", async () => {
    const error = await errorOf(start("listen: { port: many }\nissuer: 7\n"));
    assert.ok(error instanceof LocalError);
    const { checked, found } = fields(error.message);
    assert.equal(checked, "the gateway's start");
    assert.match(found, /issuer: found 7; need/);
    assert.doesNotMatch(found, /\n\s+at /);
    assert.deepEqual(findProcesses(run, "gateway"), []);
  });

  it("says that its port is taken, whatever answers there", async () => {
    const other = await fake(() => ({ status: 200, body: {} }));
    port = other.port;
    try {
      const { found, fix } = fields((await errorOf(start())).message);
      assert.match(found, /EADDRINUSE/);
      assert.match(fix, new RegExp(`port ${port} is taken`));
    } finally {
      await other.close();
    }
  });
});
