import assert from "node:assert/strict";
import fastify from "fastify";
import { SCOPES, type Scope } from "../../gateway/access";
import { Authenticator } from "../../gateway/authenticate";
import { installGate, isExactly } from "../../gateway/gate";
import { KeyRing } from "../../gateway/keyRing";
import { RequestLimits } from "../../gateway/limits";
import { parseConfig } from "../../gateway/loadConfig";
import { Maintenance } from "../../gateway/maintenance";
import { Metrics } from "../../gateway/metrics";
import { LocalCounter } from "../../gateway/quotaStore";
import { Quotas } from "../../gateway/quotas";
import { OwnTokens } from "../../gateway/tokens";
import { UserStore } from "../../gateway/users";
import { AUDIENCE, CHAT, errorOf, ISSUER, sendRaw, startRig, type Rig } from "./harness";

/** Every route and the one scope that opens it; undefined is open to all. A route missing here fails the test below. */
const ROUTES: readonly { method: string; path: string; template?: string; json?: unknown; scope?: Scope }[] = [
  { method: "GET", path: "/healthz" },
  { method: "GET", path: "/readyz" },
  { method: "GET", path: "/readyz/gateway" },
  { method: "POST", path: "/token" },
  { method: "GET", path: "/metrics", scope: "admin" },
  { method: "GET", path: "/v1/models", scope: "models:read" },
  { method: "GET", path: "/v1/models/small", template: "/v1/models/*", scope: "models:read" },
  { method: "POST", path: "/v1/chat/completions", json: CHAT, scope: "chat:write" },
  { method: "POST", path: "/v1/completions", json: { model: "small", prompt: "x" }, scope: "chat:write" },
  { method: "POST", path: "/v1/embeddings", json: { model: "small", input: "x" }, scope: "embeddings:write" },
];

describe("the gate", () => {
  let rig: Rig;
  before(async () => {
    rig = await startRig();
  });
  after(() => rig.stop());

  it("tells browsers to come by TLS alone where clients do, on every answer", async () => {
    const header = async (of: Rig, path: string): Promise<string | null> =>
      (await of.fetch(path)).headers.get("strict-transport-security");
    for (const path of ["/healthz", "/v1/models", "/nothing"])
      assert.equal(await header(rig, path), "max-age=31536000");
    const plain = await startRig({ issuer: "http://127.0.0.1:8080" });
    try {
      assert.equal(await header(plain, "/healthz"), null);
    } finally {
      await plain.stop();
    }
  });

  it("covers exactly the routes of the matrix", () => {
    const { app } = rig.gateway;
    for (const { method, path, template } of ROUTES) assert.ok(app.hasRoute({ method, url: template ?? path }), path);
    const registered = [...app.printRoutes({ commonPrefix: false }).matchAll(/\((.+)\)/g)];
    assert.deepEqual(registered.flatMap(([, methods = ""]) => methods.split(", ")).length, ROUTES.length);
  });

  for (const { method, path, json, scope } of ROUTES.filter((route) => route.scope !== undefined))
    it(`opens ${method} ${path} to ${scope} and admin, and to no other scope`, async () => {
      for (const held of [...SCOPES, undefined]) {
        const token = await rig.token("root", { claims: { scope: held ?? "" } });
        const response = await rig.fetch(path, { token, json });
        assert.equal(response.status, held === scope || held === "admin" ? 200 : 403, `scope ${held ?? "none"}`);
        if (response.status === 403) assert.equal((await errorOf(response)).code, "insufficient_scope");
      }
      assert.equal((await rig.fetch(path, { json })).status, 401);
    });

  it("takes a token's scopes only as far as the user still has them", async () => {
    const token = await rig.token("reader", { claims: { scope: "admin chat:write models:read" } });
    assert.equal((await rig.fetch("/v1/models", { token })).status, 200);
    assert.equal((await rig.fetch("/v1/chat/completions", { token, json: CHAT })).status, 403);
    assert.equal((await rig.fetch("/metrics", { token })).status, 403);
  });

  const TARGETS = [
    "//v1/models", "/v1//models", "/v1/models/", "/v1/models//", "/V1/models", "/v1/Models", "/v1/%6dodels", "/%76%31/models",
    "/v1%2fmodels", "/v1%2Fmodels", "/v1/%2e/models", "/v1/./models", "/v1/../v1/models", "/v1/x/../models", "/v1/models;a=b", "/v1/models/../models", "/v1/models/x/../../healthz",
    "/v1/models%00", "/v1/models%20", "/v1/models#x", "/v1/models%3f", "/v1/models%zz", "/healthz/../v1/models", "/healthz%2f..%2fv1%2fmodels",
    "/healthz/", "//healthz", "/HEALTHZ", "/%68ealthz", "http://evil.test/v1/models", "http://127.0.0.1/v1/models", "*", "\\v1\\models",
    "/-/routes", "/-/healthz", "/docs", "/openapi.json", "/tokenize", "/detokenize", "/invocations", "/pooling", "/score", "/v1/responses",
    "/v1/audio/transcriptions", "/v1/load_lora_adapter", "/pause", "/api/jobs/", "/version", "/", "/v1", "/v1/", "/v2/models", "/favicon.ico",
  ]; // prettier-ignore

  for (const target of TARGETS)
    it(`answers 404 in OpenAI's shape to ${target}, with a token and without`, async () => {
      const seen = rig.upstream.exchanges.length;
      for (const authorization of ["", `Authorization: Bearer ${await rig.token("root")}\r\n`]) {
        const { status, text } = await sendRaw(
          rig.gateway.url,
          `GET ${target} HTTP/1.1\r\nHost: gateway\r\n${authorization}Connection: close\r\n\r\n`,
        );
        assert.ok(status === 404 || (status === 400 && text.includes("invalid_request")), `${status} ${text}`);
        assert.match(text, /"type":"invalid_request_error"/);
      }
      assert.equal(rig.upstream.exchanges.length, seen);
    });

  it("answers 404 to every other method on a known path", async () => {
    const token = await rig.token("root");
    for (const method of ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "POST"]) {
      const response = await fetch(`${rig.gateway.url}/v1/models`, {
        method,
        headers: { authorization: `Bearer ${token}` },
      });
      assert.equal(response.status, 404, method);
    }
    const { status } = await sendRaw(
      rig.gateway.url,
      "TRACE /v1/models HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n",
    );
    assert.equal(status, 404);
  });

  const HOSTS = ["a/?x=", "x/#", "a/healthz?", "127.0.0.1/healthz#", "evil.test", "../healthz", "[::1", "a b"];
  for (const host of HOSTS)
    it(`decides alike whatever Host says: ${host}`, async () => {
      for (const path of ["/v1/models", "/metrics"]) {
        const { status } = await sendRaw(
          rig.gateway.url,
          `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
        );
        assert.equal(status, 401);
      }
    });

  it("does not let headers of proxies or frameworks choose path, method or identity", async () => {
    const headers = {
      "x-original-url": "/healthz", "x-rewrite-url": "/healthz", "x-forwarded-uri": "/healthz", "x-http-method-override": "GET",
      "x-forwarded-user": "root", "x-auth-request-user": "root", "x-forwarded-prefix": "/healthz", "x-forwarded-host": "a/healthz",
    }; // prettier-ignore
    assert.equal((await rig.fetch("/v1/models", { headers })).status, 401);
    assert.equal((await rig.fetch("/v1/models?access_token=" + (await rig.token("root")))).status, 401);
  });

  it("refuses two Authorization headers, smuggled lengths and broken requests without a 5xx", async () => {
    const token = await rig.token("root");
    const request = (head: string): Promise<{ status: number; text: string }> =>
      sendRaw(rig.gateway.url, `GET /v1/models HTTP/1.1\r\nHost: g\r\n${head}Connection: close\r\n\r\n`);
    const both = await request(`Authorization: Bearer nonsense\r\nAuthorization: Bearer ${token}\r\n`);
    assert.equal(both.status, 401);
    const smuggled = await request("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n");
    assert.equal(smuggled.status, 400);
    const large = await request(`X-Big: ${"a".repeat(20_000)}\r\n`);
    assert.equal(large.status, 431);
    assert.match(large.text, /"error":\{"message"/);
    assert.equal((await sendRaw(rig.gateway.url, "not http at all\r\n\r\n")).status, 400);
  });

  it("refuses to register a route without a policy", () => {
    const app = fastify();
    const limits = new RequestLimits({ concurrencyPerSubject: 1, inFlight: 1 });
    const config = parseConfig({
      listen: { port: 0 },
      upstream: { url: "http://127.0.0.1:9" },
      issuer: ISSUER,
      audience: AUDIENCE,
      signingKeys: [{ file: "none.pem" }],
      usersFile: "none.json",
      readiness: { model: "m" },
    });
    const own = new OwnTokens(config, new KeyRing([]));
    const quotas = new Quotas({ counter: new LocalCounter(), config: () => config, onRefusal: () => undefined });
    const maintenance = new Maintenance(() => config.maintenance);
    const authenticator = new Authenticator(own, undefined, UserStore.empty(), 0);
    installGate(app, {
      authenticator,
      limits,
      quotas,
      maintenance,
      metrics: new Metrics(() => 0, 10),
      corsOrigins: [],
      actAs: config.actAs,
      isDraining: () => false,
      isHttps: false,
    });
    assert.throws(() => app.get("/v1/new", () => "open"), /Route GET \/v1\/new has no policy/);
    assert.throws(
      () => app.route({ method: ["GET", "PUT"], url: "/x", handler: () => "open", config: {} }),
      /has no policy/,
    );
    app.get("/fine", { config: { policy: { access: "public" } } }, () => "open");
  });

  it("compares raw targets byte for byte", () => {
    assert.ok(isExactly("/v1/models", "/v1/models?x=1"));
    assert.ok(isExactly("/v1/models/*", "/v1/models/org%2Fname"));
    assert.ok(!isExactly("/v1/models", "/v1/%6dodels"));
    assert.ok(!isExactly("/v1/models", "/v1/models/"));
  });
});
