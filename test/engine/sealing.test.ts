import assert from "node:assert/strict";
import { Sealer } from "../../engine/sealing";
import { opens } from "../../engine/stateDir";

describe("values sealed as Pulumi does", () => {
  it("open under the same passphrase and salt, and no other", async () => {
    const made = await Sealer.make("right");
    assert.equal(await opens(made.salt, "right"), true);
    assert.equal(await opens(made.salt, "wrong"), false);
    const opened = await Sealer.open(made.salt, "right");
    assert.equal(opened?.unseal(made.seal("text €")), "text €");
    assert.equal(await Sealer.open(made.salt, "wrong"), undefined);
    const other = await Sealer.make("right");
    assert.equal(other.unseal(made.seal("text")), undefined);
    assert.equal(other.unseal("v1:AAAA"), undefined);
  });
});
