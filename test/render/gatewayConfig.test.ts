import assert from "node:assert/strict";
import { gatewayConfigSchema } from "../../gateway/config";
import { makePlan } from "../../plan/plan";
import { renderClusterGatewayConfig, renderGatewayConfig, type ClusterGateway } from "../../render/gatewayConfig";
import { toJson } from "../../render/text";
import { laptop, profileOf } from "../plan/cases";
import { files, golden, llama, tiny } from "./plans";

describe("renderGatewayConfig", () => {
  it("equals its golden text", () => {
    assert.equal(toJson(renderGatewayConfig(tiny, files)), golden("gateway-cpu.json"));
    assert.equal(toJson(renderGatewayConfig(llama, files)), golden("gateway-cuda.json"));
  });

  it("is accepted by the gateway itself, with the numbers of the plan", () => {
    for (const plan of [tiny, llama]) {
      const config = gatewayConfigSchema.parse(renderGatewayConfig(plan, files));
      assert.deepEqual({ ...config.limits, ...plan.gateway.limits }, config.limits);
      assert.equal(config.token.lifetimeSeconds, plan.gateway.lifetimeSeconds);
      assert.deepEqual(config.corsOrigins, plan.gateway.corsOrigins);
    }
  });

  it("is accepted at every limit of the stack's own schema", () => {
    const ends = {
      least: { tokenLifetimeMinutes: 1, requestsPerMinute: 1, concurrencyPerUser: 1, maxTokens: 1, bodyMib: 1 },
      most: {
        tokenLifetimeMinutes: 1440,
        requestsPerMinute: 100_000,
        concurrencyPerUser: 1024,
        maxTokens: 1_000_000,
        bodyMib: 64,
      },
    };
    for (const [end, limits] of Object.entries(ends)) {
      const slots = end === "most" ? { concurrency: 1024, contextTokens: 2048 } : { concurrency: 1, contextTokens: 16 };
      const plan = makePlan(profileOf({}, slots, limits), laptop);
      assert.doesNotThrow(() => gatewayConfigSchema.parse(renderGatewayConfig(plan, files)), end);
    }
  });
});

describe("renderClusterGatewayConfig", () => {
  const least: ClusterGateway = {
    policy: tiny.gateway,
    port: 8080,
    metricsPort: 9090,
    issuer: "https://llm.example.com",
    upstreamUrl: "http://llm-serve-svc.llm.svc:8000",
    mounts: { signingKeys: "/keys" },
    oidc: { issuer: "https://dex.example.com", jwksUri: "https://dex.example.com/keys", audience: "llm" },
    roles: [],
    replicas: 2,
    trustedProxies: [],
    gracePeriodSeconds: 20,
  };
  const full: ClusterGateway = {
    ...least,
    mounts: { signingKeys: "/keys", users: "/users/users.json", maintenanceFlag: "/announce/down" },
    tokensPerMinute: 100_000,
    roles: [
      { name: "team", requestsPerMinute: 600, tokensPerMinute: 1_000_000 },
      { name: "people", tokensPerMinute: 50_000 },
    ],
    peopleRole: "people",
    oidc: {
      issuer: "https://dex.example.com",
      jwksUri: "https://dex.example.com/keys",
      audience: "llm",
      scopeClaim: "scope",
      modelsClaim: "models",
      roleClaim: "groups",
    },
    redis: {
      url: "rediss://quota-redis.llm.svc:6379",
      username: "gateway",
      passwordFile: "/redis/password",
      caFile: "/redis/ca.crt",
      whenLost: "failClosed",
    },
    replicas: 3,
    trustedProxies: ["10.111.0.0/16", "203.0.113.0/24"],
    gracePeriodSeconds: 300,
    maintenanceRetrySeconds: 120,
  };

  it("is accepted by the gateway itself, with the least and with all of it", () => {
    const few = gatewayConfigSchema.parse(renderClusterGatewayConfig(least));
    assert.deepEqual([few.redis, few.usersFile, few.limits.tokensPerMinute], [undefined, undefined, undefined]);
    assert.equal(few.drainDelaySeconds + few.shutdownSeconds, 15);
    const all = gatewayConfigSchema.parse(renderClusterGatewayConfig(full));
    assert.deepEqual(all.roles, full.roles);
    assert.deepEqual([all.redis?.replicas, all.redis?.whenLost, all.redis?.caFile], [3, "failClosed", "/redis/ca.crt"]);
    assert.equal(all.actAs.role, "people");
    assert.deepEqual(all.oidc, full.oidc);
    assert.deepEqual(all.maintenance.file, "/announce/down");
    assert.equal(all.limits.tokensPerMinute, 100_000);
    assert.equal(all.limits.requestsPerMinute, tiny.gateway.limits.requestsPerMinute);
    assert.ok(all.drainDelaySeconds + all.shutdownSeconds < full.gracePeriodSeconds);
  });

  it("names files, never what is in them, and gives the same bytes for the same input", () => {
    const text = toJson(renderClusterGatewayConfig(full));
    assert.equal(text, toJson(renderClusterGatewayConfig(structuredClone(full))));
    assert.doesNotMatch(text, /PRIVATE|scrypt/);
  });
});
