/** The committed schema against the sources, and what Pulumi's analyzer says of the other components. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as tokenrack from "../../tokenrack";
import { ServedCluster } from "../../tokenrack";
import { schemaOf, schemaText } from "../../tools/package/analyze";
import { root } from "./installed";

describe("schema.json", function () {
  this.timeout(120_000);
  const committed = readFileSync(join(root, "schema.json"), "utf8");
  const schema = JSON.parse(committed) as {
    version: string;
    resources: Record<string, { inputProperties: Record<string, { secret?: boolean; plain?: boolean }> }>;
  };

  it("is what the sources say (else: npm run schema)", () => assert.equal(committed, schemaText()));

  it("has the component under its own type token, and the package's version", () => {
    assert.deepEqual(Object.keys(schema.resources), [ServedCluster.type]);
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    assert.equal(schema.version, version);
  });

  it("says of each argument whether it is secret or plain, and of none that it is both", () => {
    for (const [name, { secret = false, plain = false }] of Object.entries(
      schema.resources[ServedCluster.type]?.inputProperties ?? {},
    ))
      assert.notEqual(secret, plain, name);
  });
});

/** Why no other component is in the schema, in the analyzer's words: one that is no longer refused belongs into it. */
describe("components that only TypeScript can use", function () {
  this.timeout(300_000);
  const classes = Object.entries(tokenrack).flatMap(([name, value]) =>
    name !== "ServedCluster" && /^[A-Z]/.test(name) && typeof value === "function" ? [name] : [],
  );

  it("are all the others", () => assert.equal(classes.length, 12));

  it("are refused by the analyzer", () => {
    for (const name of classes)
      assert.throws(
        () => schemaOf([name]),
        /Union types are not supported|Unsupported type for|must have an 'args'/,
        name,
      );
  });
});
