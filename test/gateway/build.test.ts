import assert from "node:assert/strict";
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { buildGateway } from "../../gateway/build";
import { LARGEST_BUNDLE_BYTES } from "../../system/bundle";
import { FakeUpstream } from "../support/fakeUpstream";
import { AUDIENCE, CHAT, Files, ISSUER, mint } from "./harness";

describe("the bundle", () => {
  const files = new Files();
  const bundle = join(files.dir, "gateway.js");
  let upstream: FakeUpstream;
  let children: ChildProcessWithoutNullStreams[] = [];

  before(async function () {
    this.timeout(60_000);
    upstream = await FakeUpstream.start();
    await buildGateway(bundle);
    files.key("signing.pem");
    await files.users();
  });
  afterEach(() => {
    for (const child of children) child.kill("SIGKILL");
    children = [];
  });
  after(async () => {
    await upstream.close();
    files.remove();
  });

  const configFile = (change: object = {}): string =>
    files.write(
      "gateway.json",
      JSON.stringify({
        listen: { port: 0 },
        upstream: { url: upstream.url },
        issuer: ISSUER,
        audience: AUDIENCE,
        signingKeys: [{ file: "signing.pem" }],
        usersFile: "users.json",
        readiness: { model: "small" },
        ...change,
      }),
    );

  /** Runs the file away from the repository, so that nothing can come from its node_modules. */
  const run = (...args: string[]): ChildProcessWithoutNullStreams => {
    const child = spawn(process.execPath, [bundle, ...args], { cwd: files.dir });
    children.push(child);
    return child;
  };
  const runToEnd = async (...args: string[]): Promise<{ code: number; out: string; err: string }> => {
    const child = run(...args);
    let [out, err] = ["", ""];
    child.stdout.on("data", (part) => (out += String(part)));
    child.stderr.on("data", (part) => (err += String(part)));
    const [code] = (await once(child, "close")) as [number];
    return { code, out, err };
  };
  const start = async (change: object = {}): Promise<{ child: ChildProcessWithoutNullStreams; url: string }> => {
    const child = run("--config", configFile(change));
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    assert.match(line.toString(), /^gateway listening on http:\/\/127\.0\.0\.1:\d+\n$/);
    return { child, url: line.toString().trim().split(" ").at(-1) ?? "" };
  };
  const token = (): Promise<string> => mint(readFileSync(join(files.dir, "signing.pem"), "utf8"), "root");
  const ask = async (url: string, body: object): Promise<Response> =>
    fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${await token()}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });

  it("is one file that a ConfigMap holds, without a source map", () => {
    assert.ok(statSync(bundle).size < LARGEST_BUNDLE_BYTES);
    assert.doesNotMatch(readFileSync(bundle, "utf8").slice(-200), /sourceMappingURL/);
  });

  it("starts by itself, answers /healthz, /readyz and /token, and proxies whole and streamed answers", async () => {
    const { url } = await start();
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
    const form = new URLSearchParams({ grant_type: "password", username: "root", password: "wrong-password" });
    assert.equal((await fetch(`${url}/token`, { method: "POST", body: form })).status, 400);
    assert.match(await (await ask(url, CHAT)).text(), /Hello there/);
    assert.match(await (await ask(url, { ...CHAT, stream: true })).text(), /\[DONE\]/);
    assert.equal((await ask(url, { ...CHAT, n: 99 })).status, 400);
    assert.equal(
      (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${await token()}` } })).status,
      200,
    );
  });

  it("has what it needs of the Redis client: with none there it serves by its share, and says so once asked", async () => {
    files.write("redis-password", "a password");
    const redis = { url: "rediss://127.0.0.1:9", passwordFile: "redis-password", replicas: 4 };
    const { child, url } = await start({ redis, limits: { requestsPerMinute: 100 } });
    let log = "";
    child.stderr.on("data", (part) => (log += String(part)));
    const response = await ask(url, CHAT);
    assert.deepEqual([response.status, response.headers.get("x-ratelimit-limit-requests")], [200, "25"]);
    const metrics = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${await token()}` } });
    assert.match(await metrics.text(), /^tokenrack_gateway_quota_store_up 0$/m);
    const gone = await runToEnd("--config", configFile({ redis: { ...redis, passwordFile: "gone", caFile: "gone" } }));
    assert.equal(gone.code, 1);
    assert.match(gone.err, /2 faults:\n {2}redis\.passwordFile: .*ENOENT.*\n {2}redis\.caFile: /);
    assert.doesNotMatch(log, /a password/);
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const)
    it(`at ${signal} lets an open stream end, takes no new connection, and exits 0`, async () => {
      const { child, url } = await start();
      const behave = upstream.behave;
      upstream.behave = (exchange) => exchange.startStream();
      const arrived = upstream.next();
      const response = await ask(url, { ...CHAT, stream: true });
      const exchange = await arrived;
      upstream.behave = behave;
      exchange.chunk("before");
      const exited = once(child, "close");
      child.kill(signal);
      const refused = async (): Promise<boolean> => fetch(`${url}/healthz`).then(() => false, () => true); // prettier-ignore
      while (!(await refused()));
      exchange.chunk("after");
      exchange.done();
      assert.match(await response.text(), /before.*after.*\[DONE\]/s);
      assert.deepEqual(await exited, [0, null]);
    });

  it("cuts streams off when the bound for ending is over, and exits 0 all the same", async () => {
    const { child, url } = await start({ shutdownSeconds: 0 });
    const behave = upstream.behave;
    upstream.behave = (exchange) => exchange.startStream();
    const arrived = upstream.next();
    const response = await ask(url, { ...CHAT, stream: true });
    const exchange = await arrived;
    upstream.behave = behave;
    const exited = once(child, "close");
    child.kill("SIGTERM");
    await assert.rejects(response.text());
    assert.deepEqual(await exited, [0, null]);
    await exchange.closed;
  });

  it("exits 1 with all faults and no stack for a bad configuration, a bad key, a taken port and no arguments", async () => {
    const bad = await runToEnd("--config", configFile({ issuer: 7, limits: { n: 0 } }));
    assert.deepEqual([bad.code, bad.out], [1, ""]);
    assert.match(bad.err, /2 faults:\n {2}issuer: found 7; need .*\n {2}limits\.n: found 0; need /);
    const gone = await runToEnd(
      "--config",
      configFile({ signingKeys: [{ file: "gone.pem" }], usersFile: "gone.json" }),
    );
    assert.equal(gone.code, 1);
    assert.match(gone.err, /signingKeys\[0\]\.file.*\n.*usersFile/);
    const port = Number(new URL(upstream.url).port);
    const taken = await runToEnd("--config", configFile({ listen: { port } }));
    assert.deepEqual([taken.code, taken.err.trim().split("\n").at(-1)], [1, "The gateway cannot start: EADDRINUSE"]);
    const none = await runToEnd();
    assert.deepEqual([none.code, none.err], [1, "usage: gateway --config <file.yaml|file.json>\n"]);
    for (const { err } of [bad, gone, taken, none]) assert.doesNotMatch(err, /\n\s+at |node:internal/);
  }).timeout(20_000);
});
