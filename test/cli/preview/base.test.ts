import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { changedFiles, findBase, mergeBase } from "../../../cli/preview/base";
import { houseOf, type House } from "../../../cli/house";
import { ProfileError } from "../../../config/errors";
import { Place } from "../../support/fixtures";

const committed = readFileSync(resolve(__dirname, "../../../Pulumi.a100.yaml"), "utf8");

describe("what a change starts from", () => {
  let place: Place;
  let at: House;
  const git = (...args: string[]): void => {
    const who = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main"];
    execFileSync("git", [...who, ...args], { cwd: at.checkout, stdio: "ignore" });
  };
  const write = (text: string, name = "Pulumi.a100.yaml"): void => writeFileSync(join(at.checkout, name), text);
  const commit = (message: string): void => {
    git("add", "-A");
    git("commit", "-q", "-m", message);
  };

  beforeEach(() => {
    place = new Place();
    at = houseOf(place.path("."));
    git("init", "-q");
    write(committed);
    commit("first");
    git("branch", "base");
    git("checkout", "-q", "-b", "change");
  });
  afterEach(() => place.remove());

  const contextOf = async (ref: string): Promise<string | undefined> => {
    const found = await findBase({ stack: "a100", ref }, undefined, at);
    if (found?.base.kind !== "planned") return found?.base.kind;
    return found.base.verdict.models[0]?.figures?.context;
  };

  it("is nothing where nobody asks", async () => {
    assert.equal(await findBase({ stack: "a100" }, undefined, at), undefined);
  });

  it("is the plan of the merge base: what came to the branch since is no part of the change", async () => {
    write(committed.replace("contextTokens: 8192", "contextTokens: 16384"));
    commit("changed");
    git("checkout", "-q", "base");
    write(committed.replace("contextTokens: 8192", "contextTokens: 4096"));
    commit("later");
    git("checkout", "-q", "change");
    assert.equal(await contextOf("base"), "8,192");
    assert.equal(await contextOf("HEAD"), "16,384");
  });

  it("is told of where the file is new, and where it could not be planned", async () => {
    git("rm", "-q", "Pulumi.a100.yaml");
    commit("gone");
    assert.equal(await contextOf("HEAD"), "absent");
    write(committed.replace("contextTokens: 8192", "contextTokens: 9000000"));
    commit("unfit");
    assert.equal(await contextOf("HEAD"), "refused");
  });

  it("is also a file of the user's", async () => {
    write(committed.replace("contextTokens: 8192", "contextTokens: 4096"), "old.yaml");
    const found = await findBase({ stack: "a100", file: join(at.checkout, "old.yaml") }, undefined, at);
    assert.ok(found?.base.kind === "planned");
    assert.equal(found.base.verdict.models[0]?.figures?.context, "4,096");
    await assert.rejects(findBase({ stack: "a100", file: "/nowhere.yaml" }, undefined, at), /which is not there/);
  });

  it("tells secrets apart by their encrypted text", async () => {
    write(`${committed}  tokenrack:users: { secure: "v1:AAAA" }\n`);
    commit("secret");
    const found = await findBase({ stack: "a100", ref: "HEAD" }, undefined, at);
    assert.deepEqual([found?.sealed, found?.users], [{ users: "v1:AAAA" }, undefined]);
  });

  it("refuses what is no commit, also one that looks like an option, and says what to do", () => {
    for (const ref of ["nowhere", "--output=x", ""]) {
      assert.throws(
        () => mergeBase(ref, at),
        (error) => error instanceof ProfileError && error.faults[0]?.path === "--base" && /fetch/.test(error.message),
      );
    }
  });

  it("lists files that were changed, moved, added and are not committed yet", () => {
    git("mv", "Pulumi.a100.yaml", "Pulumi.b.yaml");
    commit("moved");
    write("x", "new file.ts");
    assert.deepEqual(changedFiles("base", at), ["Pulumi.a100.yaml", "Pulumi.b.yaml", "new file.ts"]);
    rmSync(join(at.checkout, "new file.ts"));
    assert.deepEqual(changedFiles("HEAD", at), []);
  });
});
