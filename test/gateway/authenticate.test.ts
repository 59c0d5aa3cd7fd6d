import assert from "node:assert/strict";
import { VerifiedTokens } from "../../gateway/authenticate";

describe("remembered tokens", () => {
  it("are forgotten at their time", () => {
    const tokens = new VerifiedTokens<string>(4);
    tokens.set("a", "alice", 100);
    assert.equal(tokens.get("a", 99.9), "alice");
    assert.equal(tokens.get("a", 100), undefined);
    assert.equal(tokens.size, 0);
  });

  it("are bounded in number, the longest unused first out", () => {
    const tokens = new VerifiedTokens<number>(3);
    for (const [i, key] of ["a", "b", "c"].entries()) tokens.set(key, i, 100);
    tokens.get("a", 0);
    tokens.set("d", 3, 100);
    assert.equal(tokens.size, 3);
    assert.deepEqual(
      ["a", "b", "c", "d"].map((key) => tokens.get(key, 0)),
      [0, undefined, 2, 3],
    );
  });

  it("are kept by hash, not by their text", () => {
    assert.match(VerifiedTokens.key("token"), /^[\w-]{43}$/);
    assert.notEqual(VerifiedTokens.key("token"), VerifiedTokens.key("tokem"));
  });
});
