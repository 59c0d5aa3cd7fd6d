import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { GatewayConfigInput } from "../../gateway/config";
import { KeyRing } from "../../gateway/keyRing";
import { keyPaths, loadSigningKeys, type SigningKey } from "../../gateway/keys";
import { loadConfig } from "../../gateway/loadConfig";
import { startGateway, type Gateway } from "../../gateway/server";
import { FakeUpstream } from "../support/fakeUpstream";
import { AUDIENCE, CHAT, Files, ISSUER, mint, quickDerive } from "./harness";
import { SecretMount } from "./secretMount";

describe("files that change while the gateway runs", () => {
  let files: Files;
  let upstream: FakeUpstream;
  let mount: SecretMount;
  let gateway: Gateway;
  let log: string;
  const pems: Record<string, string> = {};

  const base = (): GatewayConfigInput => ({
    listen: { port: 0 },
    metrics: { port: 0 },
    upstream: { url: upstream.url },
    issuer: ISSUER,
    audience: AUDIENCE,
    signingKeys: [],
    signingKeysDir: "keys",
    keySettleSeconds: 0,
    usersFile: "users.json",
    readiness: { model: "small" },
    shutdownSeconds: 1,
  });
  const configure = (change: object = {}): string =>
    files.write("gateway.json", JSON.stringify({ ...base(), ...change }));

  beforeEach(async () => {
    files = new Files();
    upstream = await FakeUpstream.start();
    await files.users();
    mount = new SecretMount(join(files.dir, "keys"));
    for (const name of ["old", "new"]) pems[name] = readFileSync(files.key(`${name}.pem`), "utf8");
    mount.put({ "signing.pem": pems["old"] ?? "" });
    log = "";
    const logTo = { write: (line: string): void => void (log += line) };
    const configFile = configure();
    gateway = await startGateway(loadConfig(configFile), { derive: quickDerive, logTo, configFile });
  });
  afterEach(async () => {
    await upstream.close();
    await gateway.close();
    files.remove();
  });

  const until = async (text: string): Promise<void> => {
    while (!log.includes(text)) await sleep(20);
  };
  const ask = async (key: string, claims: object = {}): Promise<Response> => {
    const token = await mint(pems[key] ?? "", "root", { claims: { ...claims } });
    return fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(CHAT),
    });
  };
  const metrics = async (): Promise<string> => (await fetch(`${gateway.metricsUrl}/metrics`)).text();

  it("are keys in a mount that swaps a symlink: added ones verify, removed ones do not, at once and though remembered", async () => {
    assert.deepEqual([(await ask("old")).status, (await ask("new")).status], [200, 401]);
    const remembered = await mint(pems["old"] ?? "", "root");
    const again = async (): Promise<number> =>
      (await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${remembered}` } })).status;
    assert.equal(await again(), 200);
    mount.put({ "signing.pem": pems["new"] ?? "", "previous.pem": pems["old"] ?? "" });
    await until("keys reloaded");
    assert.deepEqual([(await ask("old")).status, (await ask("new")).status], [200, 200]);
    log = "";
    mount.put({ "signing.pem": pems["new"] ?? "" });
    await until("keys reloaded");
    assert.deepEqual([(await ask("old")).status, (await ask("new")).status, await again()], [401, 200, 401]);
  });

  it("keep their old content in force while the new is unfit, which log and metrics say, until it is right", async () => {
    const weak = `-----BEGIN PRIVATE KEY-----\n${"hunter2".repeat(9)}\n-----END PRIVATE KEY-----\n`;
    mount.put({ "signing.pem": weak });
    await until("keys file refused");
    assert.equal((await ask("old")).status, 200);
    assert.match(await metrics(), /^tokenrack_gateway_reload_refused\{what="keys"\} 1$/m);
    assert.doesNotMatch(log, /hunter2/);
    log = "";
    mount.put({});
    await until("keys file refused");
    assert.equal((await ask("old")).status, 200);
    mount.put({ "signing.pem": pems["new"] ?? "" });
    await until("keys reloaded");
    assert.equal((await ask("new")).status, 200);
    const text = await metrics();
    assert.match(text, /^tokenrack_gateway_reload_refused\{what="keys"\} 0$/m);
    assert.match(text, /^tokenrack_gateway_reloads_total\{what="keys",result="refused"\} 2$/m);
  });

  it("are limits, roles and maintenance in the configuration; what needs a restart is named, what is unfit is refused", async () => {
    configure({
      limits: { requestsPerMinute: 77, bodyBytes: 5000 },
      maintenance: { enabled: true, retryAfterSeconds: 9 },
    });
    await until("config reloaded");
    assert.match(log, /"keys":\["limits\.bodyBytes"\].*wait for a restart/);
    const refused = await ask("old");
    assert.deepEqual([refused.status, refused.headers.get("retry-after")], [503, "9"]);
    log = "";
    configure({ limits: { requestsPerMinute: 0 }, issuer: 7 });
    await until("config file refused");
    assert.equal((await ask("old")).status, 503);
    log = "";
    configure({ limits: { requestsPerMinute: 78 } });
    await until("config reloaded");
    const served = await ask("old");
    assert.deepEqual([served.status, served.headers.get("x-ratelimit-limit-requests")], [200, "78"]);
  });

  it("may need each other: a user of a role that the configuration learns later is taken then", async () => {
    const users = JSON.parse(readFileSync(join(files.dir, "users.json"), "utf8")) as { users: object[] };
    const [first] = users.users;
    files.write("users.json", JSON.stringify({ users: [{ ...first, role: "team" }] }));
    await until("users file refused");
    assert.match(log, /usersFile\.users\[0\]\.role/);
    configure({ roles: [{ name: "team", requestsPerMinute: 44 }] });
    await until("users reloaded");
    assert.equal((await ask("old")).headers.get("x-ratelimit-limit-requests"), "44");
  });
});

describe("signing keys in a directory", () => {
  const files = new Files();
  after(() => files.remove());

  it("need signing.pem, and at most 4 in all; each is followed", async () => {
    const signingKeysDir = files.dir;
    const faultOf = async (): Promise<string | undefined> =>
      (await loadSigningKeys({ signingKeys: [], signingKeysDir })).faults[0]?.found;
    files.key("previous.pem");
    assert.match((await faultOf()) ?? "", /without signing\.pem/);
    files.key("signing.pem");
    files.write("notes.txt", "not a key");
    assert.equal(await faultOf(), undefined);
    const { keys } = await loadSigningKeys({ signingKeys: [], signingKeysDir });
    assert.equal(keys.length, 2);
    assert.deepEqual(keyPaths({ signingKeys: [], signingKeysDir }), [
      signingKeysDir,
      join(signingKeysDir, "signing.pem"),
      join(signingKeysDir, "previous.pem"),
    ]);
    for (const name of ["a", "b", "c"]) files.key(`${name}.pem`);
    assert.match((await faultOf()) ?? "", /with 5 keys/);
    const gone = await loadSigningKeys({ signingKeys: [], signingKeysDir: `${files.dir}/gone` });
    assert.match(gone.faults[0]?.found ?? "", /cannot be read \(ENOENT\)/);
  });

  it("sign only when they have been there for a while, unless there is no other", () => {
    let nowMs = 0;
    const key = (kid: string): SigningKey => ({ kid }) as SigningKey;
    const ring = new KeyRing([key("old")], 120, () => nowMs);
    assert.equal(ring.signer()?.kid, "old");
    ring.replace([key("new"), key("old")]);
    assert.deepEqual([ring.signer()?.kid, ring.find("new")?.kid], ["old", "new"]);
    nowMs += 119_999;
    ring.replace([key("new"), key("old")]);
    assert.equal(ring.signer()?.kid, "old");
    nowMs += 1;
    assert.equal(ring.signer()?.kid, "new");
    ring.replace([key("newest")]);
    assert.deepEqual([ring.signer()?.kid, ring.find("old")], ["newest", undefined]);
    assert.equal(new KeyRing([]).signer(), undefined);
  });
});
