import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { findPassphrase, openStateDir, opens } from "../../engine/stateDir";

describe("engine/stateDir: the passphrase", () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), "tokenrack state-"));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  it("is made once, 32 random bytes for the owner only", () => {
    const state = openStateDir(path.join(dir, "state"));
    const made = findPassphrase(state, {});
    assert.match(made.read(), /^[\w-]{43}$/);
    assert.equal(findPassphrase(state, {}).read(), made.read());
    const file = path.join(dir, "state", "passphrase");
    assert.deepEqual(made.env, { PULUMI_CONFIG_PASSPHRASE_FILE: file });
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(state.root).mode & 0o777, 0o700);
  });

  it("is the user's when there is one, even an empty one, and then none is made", () => {
    const state = openStateDir(dir);
    assert.equal(findPassphrase(state, { PULUMI_CONFIG_PASSPHRASE: "" }).read(), "");
    const file = path.join(dir, "mine");
    writeFileSync(file, "mine\n");
    const env = { PULUMI_CONFIG_PASSPHRASE_FILE: file };
    assert.equal(findPassphrase(state, env).read(), "mine");
    assert.throws(() => readFileSync(path.join(dir, "passphrase")), /ENOENT/);
  });

  it("opens a salt that Pulumi 3.250.0 made with it, and another passphrase does not", async () => {
    const salt = "v1:JbCs4aeL0gg=:v1:PMoCmhPj7MRDulkf:44rcNfjYCzDPgr2SLsDSrkj46h39kQ==";
    assert.equal(await opens(salt, "x"), true);
    assert.equal(await opens(salt, "y"), false);
    assert.equal(await opens("v9:something else", "y"), true);
  });
});
