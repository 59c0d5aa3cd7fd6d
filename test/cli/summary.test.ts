import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { houseOf, userDirectory } from "../../cli/house";
import { summary } from "../../cli/summary";
import { markOf } from "../../local/processes";
import type { LocalStackPlan } from "../../plan/plan";
import { plan } from "../components/cases";
import { llama } from "../render/plans";
import { Children, Environment, Place } from "../support/fixtures";

/** Checkouts whose names have to be quoted, or not. */
const checkouts = ["/home/me/tokenrack", "/home/me/my checkout", `/home/me/it's "mine" $HOME \`x\``];

/** A summary's commands: from each row, and the line of curl under `token`; a backslash joins two lines. */
function commands(text: string): string[] {
  const joined = stripVTControlCharacters(text).replaceAll(/\\\n\s*/g, "");
  return joined
    .split("\n")
    .map((line) => line.replace(/^ {2}(token|ask|chat|stop) +/, "").trim())
    .filter((line) => /^(npm|curl) /.test(line));
}

/** Runs commands in bash with `npm` and `curl` that print what they were given: one argument a line. */
function argumentsOf(command: string): string[] {
  const stubs = `npm() { if [ "$1 $2" = "run -s" ]; then printf 'JWT(%s)\\n' "$*"; else printf '%s\\n' "$@"; fi; }; curl() { printf '%s\\n' "$@"; };`;
  return execFileSync("/bin/bash", ["-c", `${stubs}\n${command}`], { encoding: "utf8" })
    .trimEnd()
    .split("\n");
}

describe("the summary", () => {
  for (const checkout of checkouts)
    describe(`of a checkout at ${checkout}`, () => {
      const all = commands(summary(plan, houseOf(checkout)));

      it("has commands that a shell understands", () => {
        assert.equal(all.length, 5);
        for (const command of all) execFileSync("/bin/bash", ["-n", "-c", command], { stdio: "pipe" });
      });

      it("has commands whose words arrive as they are meant", () => {
        const [token = "", grant = "", ask = "", chat = "", stop = ""] = all;
        assert.deepEqual(argumentsOf(token), [`JWT(run -s --prefix ${checkout} token)`]);
        const login = [
          "grant_type=password",
          "-d",
          "username=admin",
          "--data-urlencode",
          `password@${checkout}/.tokenrack/password`,
        ];
        assert.deepEqual(argumentsOf(grant), ["-s", "http://127.0.0.1:18080/token", "-d", ...login]);
        const [silent, url, header, authorization, ...rest] = argumentsOf(ask);
        assert.deepEqual([silent, url, header], ["-s", "http://127.0.0.1:18080/v1/chat/completions", "-H"]);
        assert.equal(authorization, `Authorization: Bearer JWT(run -s --prefix ${checkout} token)`);
        assert.deepEqual(rest.slice(0, 3), ["-H", "Content-Type: application/json", "-d"]);
        const body = { model: "tiny-llama", messages: [{ role: "user", content: "Hello" }], max_tokens: 32 };
        assert.deepEqual(JSON.parse(rest[3] ?? ""), body);
        assert.deepEqual(argumentsOf(chat), ["run", "--prefix", checkout, "chat", "--", "Hello"]);
        assert.deepEqual(argumentsOf(stop), ["stop", "--prefix", checkout]);
      });
    });

  it("needs no --prefix where npm was called in the checkout itself", () => {
    const environment = new Environment();
    const prefixed = (from: string | undefined, checkout: string): boolean => {
      environment.set("INIT_CWD", from);
      return summary(plan, houseOf(checkout)).includes("--prefix");
    };
    try {
      assert.equal(prefixed("/c", "/c"), false);
      assert.equal(prefixed(undefined, process.cwd()), false);
      assert.equal(prefixed("/elsewhere", process.cwd()), true);
      environment.set("INIT_CWD", undefined);
      assert.equal(userDirectory(), process.cwd());
    } finally {
      environment.restore();
    }
  });

  it("names the first user as the stack file does", () => {
    const ops: LocalStackPlan = { ...plan, gateway: { ...plan.gateway, firstUser: "ops" } };
    const text = stripVTControlCharacters(summary(ops, houseOf("/c")));
    assert.match(text, /user +ops, password in/);
    assert.match(text, /-d username=ops /);
  });

  it("survives a model name with quotes", () => {
    const named: LocalStackPlan = { ...plan, gateway: { ...plan.gateway, readinessModel: `it's "x"` } };
    const ask = commands(summary(named, houseOf("/c")))[2] ?? "";
    assert.equal((JSON.parse(argumentsOf(ask).at(-1) ?? "") as { model: string }).model, `it's "x"`);
  });

  it("names the endpoint, the model, and that random weights are noise", () => {
    const text = stripVTControlCharacters(summary(plan, houseOf("/c")));
    assert.match(text, /endpoint +http:\/\/127\.0\.0\.1:18080\/v1\n/);
    assert.match(text, /model +tiny-llama {2}random weights: its words are noise\n/);
    assert.match(text, /user +admin, password in \/c\/\.tokenrack\/password\n/);
    assert.ok(!summary(llama, houseOf("/c")).includes("noise"));
  });

  it("tells of ports that are open to the network, and only then", async () => {
    const place = new Place();
    const children = new Children();
    const its: LocalStackPlan = {
      ...plan,
      local: { ...plan.local, paths: { ...plan.local.paths, run: place.directory } },
    };
    const listens = `const s = require("node:net").createServer(); s.listen(0, "0.0.0.0", () => process.stdout.write(s.address().port + "\\n"));`;
    try {
      assert.ok(!summary(its, houseOf("/c")).includes("open to your network"));
      const env = { PATH: process.env["PATH"], ...markOf(place.directory, "ray") };
      const { line } = await children.run(listens, { env });
      assert.match(
        stripVTControlCharacters(summary(its, houseOf("/c"))),
        new RegExp(`! open to your network: ${line} \\(`),
      );
    } finally {
      await children.killAll();
      place.remove();
    }
  });
});
