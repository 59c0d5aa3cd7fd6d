import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { ConfigError } from "../../gateway/faults";
import { UserStore } from "../../gateway/users";
import { CHAT, Files, quickHash, startRig, USERS } from "./harness";

describe("the users file", () => {
  const files = new Files();
  after(() => files.remove());

  const faultsOf = (text: string): string => {
    try {
      UserStore.load(files.write("users.json", text));
    } catch (error) {
      assert.ok(error instanceof ConfigError);
      return error.message;
    }
    return "";
  };

  it("reports all faults at once, each with its place, and never a value", async () => {
    const good = { name: "a", passwordHash: await quickHash("x"), scopes: ["admin"], models: "*" };
    const users = [
      { ...good, passwordHash: "hunter2-hunter2" },
      { ...good, scopes: ["superuser"] },
      { ...good, models: 7 },
      { ...good, name: "-" },
      { ...good, password: "hunter2-hunter2" },
    ];
    const text = faultsOf(JSON.stringify({ users }));
    for (const path of ["users[0].passwordHash", "users[1].scopes[0]", "users[2].models", "users[3].name", "users[4]"])
      assert.ok(text.includes(`usersFile.${path}: found`), `${path} in ${text}`);
    assert.doesNotMatch(text, /hunter2/);
    assert.match(faultsOf(JSON.stringify({ users: [good, good] })), /a name given twice/);
    assert.match(faultsOf('{"users": "secret-text'), /text that is not JSON/);
    assert.doesNotMatch(faultsOf('{"users": "secret-text'), /secret-text/);
  });

  it("must not be readable by every account", async () => {
    const path = await files.users();
    chmodSync(path, 0o644);
    assert.throws(() => UserStore.load(path), /usersFile: found .*open to every account.*chmod 600/);
  });

  it("is read again when it changes: a removed user's token is refused, and a broken file changes nothing", async () => {
    const rig = await startRig();
    try {
      const token = await rig.token("writer");
      const ask = async (): Promise<number> => (await rig.fetch("/v1/chat/completions", { token, json: CHAT })).status;
      const untilLogged = async (text: string): Promise<void> => {
        while (!rig.log().includes(text)) await new Promise((resolve) => setTimeout(resolve, 20));
      };
      assert.equal(await ask(), 200);
      rig.files.write("users.json", "{ broken");
      await untilLogged("users file refused");
      assert.equal(await ask(), 200);
      await rig.files.users(USERS.filter(({ name }) => name !== "writer"));
      await untilLogged("users reloaded");
      assert.equal(await ask(), 401);
      assert.equal((await rig.fetch("/v1/models", { token: await rig.token("reader") })).status, 200);
    } finally {
      await rig.stop();
    }
  });

  it("lends a decoy hash for an unknown name: steady for one name, and one of the real ones", async () => {
    const store = UserStore.load(await files.users());
    assert.equal(store.decoy("ghost"), store.decoy("ghost"));
    assert.deepEqual(store.decoy("ghost").cost, { ln: 17, r: 8, p: 1 });
    assert.deepEqual(UserStore.empty().decoy("ghost").cost, { ln: 17, r: 8, p: 1 });
  });
});
