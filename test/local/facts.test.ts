import assert from "node:assert/strict";
import { parseProfile } from "../../config/parse";
import { factsFor } from "../../local/facts";
import { existing, minimal } from "../config/stacks";

describe("facts for a plan", () => {
  it("are this machine's for a stack on it", () => {
    const facts = factsFor(parseProfile(minimal), "/");
    assert.ok("cpus" in facts && facts.cpus >= 1);
  });

  it("are none of this machine's for a stack on a cluster", () => {
    assert.deepEqual(factsFor(parseProfile(existing), "/"), { modelConfigs: {} });
  });
});
