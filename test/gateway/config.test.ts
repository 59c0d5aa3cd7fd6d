import assert from "node:assert/strict";
import fc from "fast-check";
import type { GatewayConfigInput } from "../../gateway/config";
import { ConfigError } from "../../gateway/faults";
import { loadConfig, parseConfig } from "../../gateway/loadConfig";
import { Files } from "./harness";

const GOOD: GatewayConfigInput = {
  listen: { port: 8080 },
  upstream: { url: "http://llm-serve-svc:8000" },
  issuer: "https://llm.test",
  audience: "llm",
  signingKeys: [{ file: "key.pem" }],
  usersFile: "users.json",
  readiness: { model: "m" },
};
const OIDC = { issuer: "https://dex.test", jwksUri: "https://dex.test/keys", audience: "llm" };

const faultsOf = (raw: unknown): string[] => {
  try {
    parseConfig(raw);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message.split("\n").slice(1).map((line) => line.trim()); // prettier-ignore
  }
};

describe("the configuration", () => {
  it("fills in every default", () => {
    const config = parseConfig(GOOD);
    assert.deepEqual(config.token, { lifetimeSeconds: 3600, leewaySeconds: 30 });
    assert.deepEqual(config.listen, { host: "127.0.0.1", port: 8080 });
    assert.deepEqual([config.corsOrigins, config.trustedProxies, config.metrics], [[], [], undefined]);
    assert.equal(config.upstream.headersTimeoutMs, 600_000);
    assert.equal(config.limits.requestsPerMinute, 600);
  });

  const bad: [string, object, RegExp][] = [
    ["no key", { signingKeys: [] }, /^signingKeys: found a list of 0; need at least one signing key.*openssl genpkey/],
    ["no users file", { usersFile: undefined }, /^usersFile: found nothing; need a users file.*hash-password/],
    ["a PEM where a path belongs", { signingKeys: [{ file: "-----BEGIN PRIVATE KEY-----\nMC4CAQ" }] }, /^signingKeys\[0\]\.file: found text that looks like a secret \(not shown\)/],
    ["a kid with spaces", { signingKeys: [{ file: "k", kid: "a b" }] }, /^signingKeys\[0\]\.kid/],
    ["a lifetime of 0", { token: { lifetimeSeconds: 0 } }, /^token\.lifetimeSeconds: found 0; need a whole number from 60 to 86400 \(seconds\)/],
    ["a negative lifetime", { token: { lifetimeSeconds: -1 } }, /^token\.lifetimeSeconds: found -1/],
    ["a lifetime over a day", { token: { lifetimeSeconds: 86_401 } }, /^token\.lifetimeSeconds: found 86401/],
    ["a lifetime with a unit", { token: { lifetimeSeconds: "10y" } }, /^token\.lifetimeSeconds: found "10y"/],
    ["a leeway over a minute", { token: { leewaySeconds: 61 } }, /^token\.leewaySeconds: found 61/],
    ["all origins", { corsOrigins: ["*"] }, /^corsOrigins\[0\]: found "\*"; need an exact origin/],
    ["an origin with a path", { corsOrigins: ["https://a.test/x"] }, /^corsOrigins\[0\]/],
    ["a plain http origin", { corsOrigins: ["http://a.test"] }, /^corsOrigins\[0\]/],
    ["every proxy trusted", { trustedProxies: ["0.0.0.0/0"] }, /^trustedProxies\[0\]: found "0\.0\.0\.0\/0"; need .* never \/0/],
    ["every IPv6 proxy trusted", { trustedProxies: ["::/0"] }, /^trustedProxies\[0\]/],
    ["a proxy by name", { trustedProxies: ["ingress"] }, /^trustedProxies\[0\]/],
    ["a port too high", { listen: { port: 70_000 } }, /^listen\.port: found 70000; need a whole number from 0 to 65535/],
    ["an upstream that is no URL", { upstream: { url: "llm:8000" } }, /^upstream\.url/],
    ["an upstream with credentials", { upstream: { url: "http://u:hunter2@h:8000" } }, /^upstream\.url: /],
    ["a route that is no path", { upstream: { url: "http://h:8000", routes: { m: "small" } } }, /^upstream\.routes\.m: found "small"; need "\/", or a path/],
    ["a route out of the way", { upstream: { url: "http://h:8000", routes: { m: "/a/../b" } } }, /^upstream\.routes\.m/],
    ["a readiness model without a route", { upstream: { url: "http://h:8000", routes: { other: "/" } } }, /^readiness\.model: found "m"; need one of upstream\.routes/],
    ["OIDC over plain http", { oidc: { ...OIDC, jwksUri: "http://dex.test/keys" } }, /^oidc\.jwksUri: .* https/],
    ["no readiness model", { readiness: {} }, /^readiness\.model: found nothing/],
    ["a log level that is none", { logLevel: "verbose" }, /^logLevel: found "verbose"; need one of trace/],
    ["a Redis over http", { redis: { url: "http://h:6379" } }, /^redis\.url: found "http:\/\/h:6379"; need a redis:\/\/ or rediss:\/\/ URL/],
    ["a Redis with its password in the URL", { redis: { url: "redis://:hunter2@h:6379" } }, /^redis\.url: /],
    ["a Redis that neither opens nor closes", { redis: { url: "redis://h", whenLost: "open" } }, /^redis\.whenLost: found "open"; need "failOpen" or "failClosed"/],
    ["a role given twice", { roles: [{ name: "a" }, { name: "a" }] }, /^roles: found a list of 2; need roles of unique names/],
    ["a role of people that is not there", { actAs: { role: "people" } }, /^actAs\.role: found "people"; need the name of one of roles/],
    ["keys from two places", { signingKeysDir: "keys" }, /^signingKeysDir: found "keys"; need either/],
    ["a misspelt role key", { roles: [{ name: "a", tokenPerMinute: 5 }] }, /^roles\[0\]\.tokenPerMinute: .*did you mean "tokensPerMinute"\?/],
    ["an n of 0", { limits: { n: 0 } }, /^limits\.n: found 0/],
    ["a misspelt key", { listne: {} }, /^listne: found a key that is not known; .*did you mean "listen"\?/],
    ["a misspelt inner key", { limits: { bodyByte: 1 } }, /^limits\.bodyByte: .*did you mean "bodyBytes"\?/],
    ["a misspelt key in a list", { signingKeys: [{ file: "k", kdi: "x" }] }, /^signingKeys\[0\]\.kdi: .*did you mean "kid"\?/],
  ]; // prettier-ignore
  for (const [what, change, text] of bad)
    it(`refuses ${what}`, () => {
      const found = faultsOf({ ...GOOD, ...change });
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", text);
      assert.match(found[0] ?? "", /; need .*; fix: ./);
    });

  it("reports all faults at once", () => {
    const found = faultsOf({ listen: { port: "x" }, limits: { n: 0, maxTokens: 0 }, wrong: 1 });
    const paths = found.map((line) => line.split(":")[0]);
    for (const path of [
      "listen.port",
      "upstream",
      "issuer",
      "audience",
      "signingKeys",
      "readiness",
      "limits.n",
      "limits.maxTokens",
      "wrong",
    ])
      assert.ok(paths.includes(path), `${path} in ${paths.join()}`);
    assert.doesNotMatch(found.join("\n"), /hunter2|undefined/);
  });

  it("needs neither keys nor users with an external issuer", () => {
    assert.deepEqual(faultsOf({ ...GOOD, usersFile: undefined, signingKeys: [], oidc: OIDC }), []);
  });

  it("reads YAML and JSON, paths being relative to the file", () => {
    const files = new Files();
    try {
      const json = loadConfig(files.write("c.json", JSON.stringify(GOOD)));
      assert.equal(json.usersFile, `${files.dir}/users.json`);
      assert.equal(json.signingKeys[0]?.file, `${files.dir}/key.pem`);
      const yaml = loadConfig(files.write("c.yaml", "# a comment\n" + JSON.stringify(GOOD)));
      assert.deepEqual(yaml, json);
      const more = { redis: { url: "redis://h", passwordFile: "p", caFile: "/ca" }, maintenance: { file: "flag" } };
      const both = loadConfig(files.write("d.json", JSON.stringify({ ...GOOD, signingKeys: [], signingKeysDir: "k", ...more }))); // prettier-ignore
      const paths = [both.signingKeysDir, both.redis?.passwordFile, both.redis?.caFile, both.maintenance.file];
      assert.deepEqual(paths, [`${files.dir}/k`, `${files.dir}/p`, "/ca", `${files.dir}/flag`]);
      const broken = files.write("b.yaml", "listen: {port: 1\nissuer: hunter2: x: [");
      assert.throws(() => loadConfig(broken), (error: Error) => /syntax error \(\w+\) at line \d+, column \d+/.test(error.message) && !/hunter2/.test(error.message)); // prettier-ignore
      assert.throws(() => loadConfig(`${files.dir}/gone.yaml`), /cannot be read \(ENOENT\)/);
      assert.throws(() => loadConfig(files.write("e.yaml", "")), ConfigError);
      assert.throws(() => loadConfig(files.write("bomb.yaml", `a: &a [1,1]\nb: &b [*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c]`)), ConfigError); // prettier-ignore
    } finally {
      files.remove();
    }
  });

  it("never ends in anything but a list of faults (fuzz)", () => {
    const key = fc.constantFrom(
      ...Object.keys(GOOD),
      "oidc",
      "limits",
      "login",
      "token",
      "corsOrigins",
      "trustedProxies",
      "metrics",
    );
    fc.assert(
      fc.property(fc.dictionary(fc.oneof(key, fc.string()), fc.jsonValue()), (change) => {
        for (const line of faultsOf({ ...GOOD, ...change })) assert.match(line, /: found .*; need .*; fix: /s);
      }),
      { numRuns: 500 },
    );
  });
});
