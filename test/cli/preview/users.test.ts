import assert from "node:assert/strict";
import { userChanges, usersOf, type GatewayUser } from "../../../cli/preview/users";
import { hash } from "../../config/stacks";

const user = (name: string, more: Partial<GatewayUser> = {}): GatewayUser => ({
  ...{ name, passwordHash: hash, scopes: ["chat:write"], models: ["a"] },
  ...more,
});

describe("users of the gateway before and after", () => {
  const rows: readonly (readonly [title: string, after: GatewayUser[], dangers: string[], notes: string[]])[] = [
    ["the same", [user("CANARY")], [], []],
    ["one more", [user("CANARY"), user("b")], [], ["1 user added"]],
    [
      "one more who acts for others",
      [user("CANARY"), user("b", { scopes: ["act-as"] })],
      ["1 user added who may ask in the name of others (act-as)"],
      [],
    ],
    ["one less", [], ["1 user removed: their tokens are refused at once"], []],
    [
      "more scopes",
      [user("CANARY", { scopes: ["chat:write", "act-as"] })],
      ["1 user may do more than before (scopes)"],
      [],
    ],
    ["every model", [user("CANARY", { models: ["*"] })], ["1 user may use more models"], []],
    ["fewer models", [user("CANARY", { models: [] })], ["1 user may use fewer models or scopes"], []],
    ["another role", [user("CANARY", { role: "staff" })], ["1 user with another role"], []],
    ["another quota", [user("CANARY", { quota: { tokensPerMinute: 9 } })], ["1 user with another quota"], []],
    ["another password", [user("CANARY", { passwordHash: `${hash}A` })], [], ["1 user with another password"]],
  ];
  for (const [title, after, dangers, notes] of rows) {
    it(`${title}, and names nobody`, () => {
      const told = userChanges([user("CANARY")], after);
      assert.deepEqual(told, { dangers, notes });
      assert.doesNotMatch(JSON.stringify(told), /CANARY/);
    });
  }

  it("are read from the secret, where that is one", () => {
    const list = JSON.stringify([user("a", { quota: { requestsPerMinute: 5 } })]);
    assert.deepEqual(usersOf({ users: list })?.[0]?.quota?.requestsPerMinute, 5);
    for (const secrets of [{}, { users: "no JSON" }, { users: "[{}]" }]) assert.equal(usersOf(secrets), undefined);
  });
});
