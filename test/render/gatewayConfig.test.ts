import assert from "node:assert/strict";
import { gatewayConfigSchema } from "../../gateway/config";
import { makePlan } from "../../plan/plan";
import { renderGatewayConfig } from "../../render/gatewayConfig";
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
      assert.deepEqual(config.limits, plan.gateway.limits);
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
