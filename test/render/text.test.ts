import assert from "node:assert/strict";
import { parse } from "yaml";
import type { LocalStackPlan } from "../../plan/plan";
import { renderGatewayConfig } from "../../render/gatewayConfig";
import { renderServeConfig } from "../../render/serveConfig";
import { toJson, toYaml, type JsonObject } from "../../render/text";
import { files, llama, tiny } from "./plans";

describe("text", () => {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .reverse()
        .map(([key, inner]) => [key, reversed(inner)]),
    );
  };

  it("has sorted keys whatever order the plan came in, and the same bytes each time", () => {
    for (const plan of [tiny, llama]) {
      const again = reversed(JSON.parse(JSON.stringify(plan))) as LocalStackPlan;
      assert.equal(toYaml(renderServeConfig(again)), toYaml(renderServeConfig(plan)));
      assert.equal(toJson(renderGatewayConfig(again, files)), toJson(renderGatewayConfig(plan, files)));
      assert.deepEqual(Object.keys(renderServeConfig(plan)), ["applications", "http_options", "proxy_location"]);
    }
  });

  it("as YAML reads back as the same data, with no line folded", () => {
    const data: JsonObject = {
      long: "word ".repeat(60),
      yes: "yes",
      number: "007",
      nested: { b: [1, true, null], a: "" },
    };
    assert.deepEqual(parse(toYaml(data)), data);
    assert.equal(toYaml(data).split("\n").length, 10);
  });

  it("as YAML quotes what an older reader, such as Ray's, would take for a number or a boolean", () => {
    for (const word of ["yes", "on", "No", "1_000", "0123", "0x1f", "12e3", "1234567", "null"]) {
      assert.equal(toYaml({ word }), `word: "${word}"\n`);
    }
  });
});
