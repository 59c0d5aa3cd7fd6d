import assert from "node:assert/strict";
import { givenModel, namingKept } from "../../cli/model";
import { UserError } from "../../config/errors";
import { Environment, errorOf } from "../support/fixtures";

describe("--model", () => {
  it("means a directory from where the user stands, not from where npm runs", () => {
    const environment = new Environment();
    environment.set("INIT_CWD", "/home/me/models");
    try {
      assert.equal(givenModel("./tiny"), "/home/me/models/tiny");
      assert.equal(givenModel("/abs/tiny"), "/abs/tiny");
      assert.equal(givenModel("org/name"), "org/name");
    } finally {
      environment.restore();
    }
  });

  it("is named by a fault while an earlier one is in force, and only then", async () => {
    const fault = (): Promise<never> => Promise.reject(new UserError("no\n  fix: do"));
    const error = await errorOf(namingKept("org/name", fault));
    assert.ok(error instanceof UserError);
    assert.match(
      error.message,
      /^no\n {2}fix: do\n {2}note: the model is org\/name, from an earlier --model; .*npm stop/,
    );
    assert.equal((await errorOf(namingKept(undefined, fault))).message, "no\n  fix: do");
    assert.equal(await namingKept("org/name", () => Promise.resolve(1)), 1);
    const bug = new TypeError("ours");
    assert.equal(await errorOf(namingKept("org/name", () => Promise.reject(bug))), bug);
  });
});
