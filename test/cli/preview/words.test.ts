import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stageOf, thingOf } from "../../../cli/preview/stages";
import { namesOf, propertyWords, thingsWords } from "../../../cli/preview/words";
import { secretText, unknownText } from "../../../engine/preview";

describe("names", () => {
  it("are joined where their numbers follow each other, and nothing else is lost", () => {
    assert.equal(namesOf(["w-1", "w-3", "w-2", "db", "w-9", "w-10"]), "w-1..3, w-9, w-10, db");
    assert.equal(namesOf(["x01", "x2", "x3", "x2"]), "x01, x2, x3");
  });

  it("are counted by kind; of new things only hosts and VMs are named", () => {
    const things = ["a", "b"].flatMap((name) => ["VM", "image"].map((kind) => ({ kind, name })));
    assert.deepEqual(thingsWords(things, "create"), ["2 VMs: a, b", "2 images"]);
    const policies = ["a", "b"].map((name) => ({ kind: "NetworkPolicy", name }));
    assert.deepEqual(thingsWords(policies, "create"), ["2 NetworkPolicies"]);
    assert.deepEqual(thingsWords(things, "delete"), ["2 VMs: a, b", "2 images: a, b"]);
  });
});

describe("a property", () => {
  const update = { path: "memory.dedicated", kind: "update", replaces: false } as const;
  it("has the word of its user, and both values where they are short", () => {
    assert.equal(propertyWords({ ...update, before: 1, after: 2 }), "memory in MiB 1 -> 2");
    assert.equal(propertyWords({ ...update, before: "a\nb", after: "c" }), "memory in MiB");
  });
  it("says what is secret and what is not known", () => {
    assert.equal(
      propertyWords({ ...update, path: "x", before: secretText, after: unknownText }),
      "x (secret) -> (known during the up)",
    );
  });
});

describe("stages", () => {
  for (const stack of ["homelab", "a100", "local"])
    it(`know every resource of ${stack}, and what it is`, () => {
      const file = join(__dirname, "..", "..", "program", "golden", `${stack}.urns.txt`);
      for (const urn of readFileSync(file, "utf8").trim().split("\n")) {
        const [, , types = "", name = ""] = urn.split("::");
        const type = types.split("$").at(-1) ?? "";
        // The mocks leave out all but the nearest component.
        assert.notEqual(stageOf(urn), "other", urn);
        if (/^(?:tokenrack|pulumi|kubernetes):/.test(type)) continue;
        assert.notEqual(thingOf({ urn, type, name })?.kind, type.split(":").at(-1), urn);
      }
    });
});
