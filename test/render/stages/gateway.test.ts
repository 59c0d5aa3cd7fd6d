import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { gatewayConfigSchema } from "../../../gateway/config";
import { LiveConfig } from "../../../gateway/liveConfig";
import { RedisStore } from "../../../gateway/redisStore";
import { planClusterGateway, type GatewayPlan } from "../../../plan/stages/gateway";
import { planImages } from "../../../plan/stages/images";
import { renderClusterGatewayConfig } from "../../../render/gatewayConfig";
import {
  clusterGateway,
  gatewayConfigManifest,
  gatewayDeployment,
  gatewayManifests,
  gatewayProgramManifest,
  restartHash,
} from "../../../render/stages/gateway";
import { ingressManifests } from "../../../render/stages/ingress";
import { quotaStoreManifests, quotaStoreStart } from "../../../render/stages/quotaStore";
import { selfSigned } from "../../config/madeCertificates";
import { changed, existing } from "../../config/stacks";
import { committedInput, inputOf, stageInput } from "../../plan/stages/cases";
import { makeCertificates } from "../../gateway/redisServer";
import { freePort, Place } from "../../support/fixtures";
import { assertGolden } from "./golden";

const served = { routes: { small: "/small", large: "/large" }, upgrade: { clusterSeconds: 0 } };
const planOf = (input: ReturnType<typeof inputOf>): GatewayPlan =>
  planClusterGateway(input, planImages(input.profile), served).plan;
const homelab = planOf(committedInput("homelab"));
const policy = { ...homelab.policy, readinessModel: "small" };
const plan: GatewayPlan = { ...homelab, policy };
const gatewayApi = planOf(
  stageInput(
    changed(existing, "ingress", {
      ...existing.ingress,
      kind: "gatewayApi",
      gateway: { name: "public", namespace: "gateways", listener: "https" },
      wafAnnotations: { "waf.my.org/mode": "detect" },
    }),
  ),
);

describe("objects of the gateway", () => {
  it("of the homelab are as they were", () => {
    const { service, budget } = gatewayManifests(plan);
    const store = Object.values(quotaStoreManifests(plan) ?? {});
    const objects = [gatewayConfigManifest(plan), gatewayDeployment(plan, "program"), service, budget, ...store];
    assertGolden("gateway.homelab.yaml", [...objects, ...ingressManifests(plan)]);
  });

  it("of a Gateway are two routes", () => {
    assertGolden("gateway.gatewayApi.yaml", ingressManifests(gatewayApi));
  });

  it("are told what the gateway itself understands", () => {
    const oidc = { issuer: "https://dex.my.org", jwksUri: "https://dex.my.org/keys", audience: "llm" };
    const more = { oidc, roles: [{ name: "team", tokensPerMinute: 9 }], peopleRole: "team", tokensPerMinute: 99 };
    for (const one of [plan, { ...plan, ...more }]) {
      const config = gatewayConfigSchema.parse(renderClusterGatewayConfig(clusterGateway(one)));
      assert.deepEqual(config.upstream.routes, served.routes);
      assert.deepEqual([config.redis?.replicas, config.redis?.url], [2, "rediss://valkey.tokenrack.svc:6379"]);
      assert.ok(config.drainDelaySeconds + config.shutdownSeconds < one.gracePeriodSeconds);
    }
  });

  it("have no store and no budget where one pod counts alone", () => {
    const alone = planOf(stageInput(changed(existing, "gateway.replicas", 1)));
    assert.equal(quotaStoreManifests(alone), undefined);
    assert.equal(gatewayManifests(alone).budget, undefined);
    assert.doesNotMatch(JSON.stringify([gatewayConfigManifest(alone), gatewayDeployment(alone, "")]), /valkey|quota/);
  });

  it("let in /token and /v1 and nothing else, and a firewall at /token alone", () => {
    const waf = { "nginx.ingress.kubernetes.io/enable-modsecurity": "true" };
    const [login, api] = ingressManifests({ ...plan, wafAnnotations: waf });
    const paths = (text: unknown): string[] => [...JSON.stringify(text).matchAll(/"path":"([^"]*)"/g)].map(([, at = ""]) => at); // prettier-ignore
    assert.deepEqual([paths(login), paths(api)], [["/token"], ["/v1"]]);
    assert.equal(login.metadata.annotations?.["nginx.ingress.kubernetes.io/enable-modsecurity"], "true");
    assert.equal(api.metadata.annotations?.["nginx.ingress.kubernetes.io/enable-modsecurity"], undefined);
    assert.equal(api.metadata.annotations?.["nginx.ingress.kubernetes.io/proxy-body-size"], "2m");
    assert.equal(gatewayApi.wafAnnotations["waf.my.org/mode"], "detect");
    assert.deepEqual(
      ingressManifests(gatewayApi).map(({ metadata }) => metadata.annotations),
      [{ "waf.my.org/mode": "detect" }, undefined],
    );
  });

  it("hold the program as it is", () => {
    assert.deepEqual(gatewayProgramManifest(plan, "text")["data"], { "gateway.js": "text" });
  });
});

describe("pods of the gateway", () => {
  const limits = (change: object): GatewayPlan => ({ ...plan, policy: { ...policy, limits: { ...policy.limits, ...change } } }); // prettier-ignore
  const changes: Readonly<Record<string, GatewayPlan>> = {
    roles: { ...plan, roles: [{ name: "team" }] },
    readiness: { ...plan, policy: { ...policy, readinessModel: "large" } },
    maintenance: { ...plan, maintenanceSeconds: 999 },
    requests: limits({ requestsPerMinute: 7 }),
    tokens: { ...plan, tokensPerMinute: 7 },
    body: limits({ bodyBytes: 2048 }),
    routes: { ...plan, routes: { small: "/" } },
    lifetime: { ...plan, policy: { ...policy, lifetimeSeconds: 61 } },
    proxies: { ...plan, trustedProxies: ["10.0.0.0/8"] },
    origins: { ...plan, policy: { ...policy, corsOrigins: ["https://chat.my.org"] } },
    grace: { ...plan, gracePeriodSeconds: 60 },
    replicas: { ...plan, replicas: 3 },
  };
  const parsed = (one: GatewayPlan) => gatewayConfigSchema.parse(renderClusterGatewayConfig(clusterGateway(one))); // prettier-ignore

  for (const [what, next] of Object.entries(changes))
    it(`are replaced for other ${what} if and only if a running one would wait for that`, () => {
      const waiting = new LiveConfig(parsed(plan)).adopt(parsed(next));
      assert.notDeepEqual(parsed(plan), parsed(next));
      assert.equal(restartHash(plan, "x") !== restartHash(next, "x"), waiting.length > 0, waiting.join());
    });

  it("are replaced for another program", () => {
    assert.notEqual(restartHash(plan, "x"), restartHash(plan, "y"));
  });
});

describe("the gateway's trust in an issuer of one's own", () => {
  const ca = selfSigned("issuer", true).certificate;
  const oidc = {
    issuer: "https://dex.lan",
    jwksUri: "https://dex.lan/keys",
    audience: "llm",
    addresses: ["10.0.0.1/32"],
    ca,
  };
  const trusting = planOf(stageInput(changed(existing, "gateway", { oidc })));

  it("lies beside its configuration, where Node.js reads it", () => {
    const { data } = gatewayConfigManifest(trusting) as unknown as { data: Record<string, string> };
    assert.equal(data["trusted.pem"], ca);
    assert.match(
      JSON.stringify(gatewayDeployment(trusting, "x")),
      /"name":"NODE_EXTRA_CA_CERTS","value":"\/config\/trusted.pem"/,
    );
    assert.doesNotMatch(JSON.stringify(data["gateway.json"]), /CERTIFICATE/);
  });

  it("is another with another certificate, which only a new process reads", () => {
    const without = { ...trusting };
    Reflect.deleteProperty(without, "trusted");
    assert.notEqual(restartHash(trusting, "x"), restartHash(without, "x"));
    assert.doesNotMatch(JSON.stringify(gatewayDeployment(without, "x")), /NODE_EXTRA_CA_CERTS/);
  });
});

describe("the store of quotas", () => {
  it("has no TLS only where nobody names an issuer of certificates, and that is told", () => {
    const api = { host: "llm.lan", kind: "gatewayApi", gateway: { name: "public", namespace: "gateways" } };
    const planned = (ingress: object) => {
      const input = stageInput({ ...existing, ingress });
      return planClusterGateway(input, planImages(input.profile), served);
    };
    const plain = planned(api);
    assert.deepEqual(
      [plain.plan.quotaStore?.tls, planned({ ...api, tlsIssuer: "ca" }).plan.quotaStore?.tls],
      [false, true],
    );
    assert.ok(
      plain.warnings.some((text) => text.startsWith("ingress.tlsIssuer is not set, so cert-manager may not be there")),
    );
    assert.equal(clusterGateway(plain.plan).redis?.url, "redis://valkey.tokenrack.svc:6379");
    assert.deepEqual(Object.keys(quotaStoreManifests(plain.plan) ?? {}), ["secret", "deployment", "service"]);
  });

  let place: Place;
  beforeEach(() => (place = new Place()));
  afterEach(() => place.remove());

  for (const tls of [true, false])
    it(`starts by its own command with ${tls ? "TLS" : "none"}, and lets the gateway's client count and do nothing else`, async function () {
      this.timeout(20_000);
      const port = await freePort();
      const passwordFile = place.write("password", "a0".repeat(32));
      if (tls) {
        makeCertificates(place.directory);
        const files = { "tls.crt": "server.pem", "tls.key": "server.key", "ca.crt": "ca.pem" };
        for (const [name, made] of Object.entries(files)) place.write(name, place.read(made));
      }
      const program = place.program("bin/valkey-server", 'exec redis-server "$@" --bind 127.0.0.1');
      const start = quotaStoreStart({ memoryMib: 64, tls }, place.directory).replace(/port 6379/, `port ${port}`);
      const path = `${program.replace(/\/[^/]*$/, "")}:${process.env["PATH"] ?? ""}`;
      const child = spawn("/bin/sh", ["-c", start], { env: { PATH: path, TMPDIR: place.make("tmp") } });
      let said = "";
      child.stderr.on("data", (part: Buffer) => (said += part.toString()));
      for await (const part of child.stdout) {
        said += String(part);
        if (said.includes("Ready to accept connections")) break;
      }
      assert.match(said, /Ready to accept/, said);
      const { redis } = parsedRedis(`${tls ? "rediss" : "redis"}://127.0.0.1:${port}`, passwordFile, tls);
      const store = new RedisStore(redis, () => undefined);
      try {
        assert.ok(await store.opened(5000));
        const taking = { key: "user:a", cost: 3, limit: 5 };
        assert.equal((await store.take(taking)).taken, true);
        assert.equal((await store.take(taking)).taken, false);
        const client: unknown = Reflect.get(store, "client");
        assert.ok(typeof client === "object" && client !== null);
        for (const [command, ...args] of [
          ["keys", "*"],
          ["config", "get", "*"],
          ["set", "tokenrack:x", "1"],
          ["hset", "other", "a", "b"],
        ])
          // prettier-ignore
          await assert.rejects(
          Promise.resolve(Reflect.apply(Reflect.get(client, "call") as () => unknown, client, [command, ...args])),
          /NOPERM/,
          command,
        );
      } finally {
        store.close();
        const ended = once(child, "exit");
        child.kill("SIGKILL");
        await ended;
      }
    });

  const parsedRedis = (url: string, passwordFile: string, tls: boolean) => {
    const { redis } = gatewayConfigSchema.parse({
      ...renderClusterGatewayConfig(clusterGateway(plan)),
      redis: { url, passwordFile, commandTimeoutMs: 5000, ...(tls ? { caFile: place.path("ca.crt") } : {}) },
    });
    assert.ok(redis !== undefined);
    return { redis };
  };
});
