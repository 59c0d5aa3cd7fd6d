import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import type { EngineEvent } from "../../engine/events";
import { failure, findEngine, gone, local, printed, TestProject, type Engine, type LocalArgs } from "./harness";

const urn = (name: string): string => `urn:pulumi:dev::probe::command:local:Command::${name}`;

/** On the real engine with the command stand-in. What the official plugin does is not proven here: it needs the internet. */
describe("engine/stack on the real Pulumi engine", function () {
  this.timeout(30_000);
  let engine: Engine;
  let project: TestProject;

  before(async function () {
    // The CLI may have to be built first, once for this checkout.
    this.timeout(31 * 60_000);
    engine = await findEngine("command");
  });
  beforeEach(() => {
    project = new TestProject(engine);
  });
  afterEach(() => {
    project.remove();
  });

  it("creates once, then changes nothing; a preview runs no command", async () => {
    const stack = await project.open(() => {
      const greeting = new pulumi.Config().require("greeting");
      const a = local("a", { create: `${project.logs("create a")}; echo ${greeting}; pwd` });
      return Promise.resolve({ said: a.stdout });
    });
    // The stack counts as a resource.
    assert.deepEqual(await stack.preview(), { same: 0, create: 2, update: 0, replace: 0, delete: 0 });
    assert.deepEqual(project.takeLog(), []);
    assert.deepEqual(stack.urns(), []);
    await stack.up();
    assert.deepEqual(project.takeLog(), ["create a"]);
    assert.deepEqual(await stack.outputs(), { said: `hello\n${project.dir}` });
    assert.deepEqual(await stack.up(), { same: 2, create: 0, update: 0, replace: 0, delete: 0 });
    assert.deepEqual(project.takeLog(), []);
  });

  it("keeps its state in files that are replaced at once: one that a kill cuts short is never read again", async () => {
    const stack = await project.open(() => Promise.resolve(void local("a", { create: "true" })));
    await stack.up();
    const files = readdirSync(path.join(project.stateDir, "backend"), { recursive: true, encoding: "utf8" });
    assert.ok(files.includes(".pulumi/stacks/probe/dev.json"));
    assert.deepEqual(
      files.filter((file) => file.endsWith(".attrs")),
      [],
    );
  });

  it("updates on a changed input, replaces on changed triggers, new before old", async () => {
    let args: LocalArgs = {};
    const set = (version: number, more: LocalArgs): void => {
      const create = `${project.logs("create $V after <$PULUMI_COMMAND_STDOUT>")}; echo out-$V`;
      args = { create, delete: project.logs("delete $V"), environment: { V: `${version}` }, ...more };
    };
    const stack = await project.open(() => Promise.resolve(void local("a", args)));
    set(1, { triggers: [1] });
    await stack.up();
    set(2, { triggers: [1] });
    assert.equal((await stack.up()).update, 1);
    set(3, { triggers: [1], update: project.logs("update $V after <$PULUMI_COMMAND_STDOUT>") });
    assert.equal((await stack.up()).update, 1);
    assert.deepEqual(project.takeLog(), ["create 1 after <>", "create 2 after <out-1>", "update 3 after <out-2>"]);
    set(4, { triggers: [2] });
    assert.equal((await stack.up()).replace, 1);
    assert.deepEqual(project.takeLog(), ["create 4 after <>", "delete 3"]);
  });

  it("repairs a dead process: delete, create, then what depends on it, and nothing else", async () => {
    const stack = await project.open(() => {
      const born = `${project.logs("create server")}; head -c 8 /dev/urandom | od -An -tx8`;
      const server = local("server", { create: born, delete: project.logs("delete server") }, true);
      local("byTrigger", {
        create: project.logs("create byTrigger"),
        delete: project.logs("delete byTrigger"),
        triggers: [server.stdout],
      });
      local("byEnvironment", { create: project.logs("create byEnvironment"), environment: { SERVER: server.stdout } });
      local("stranger", { create: project.logs("create stranger") });
      return Promise.resolve();
    });
    await stack.up();
    project.takeLog();
    const steps: string[] = [];
    const onEvent = (event: EngineEvent): void => {
      if (event.kind === "resOutputs" && event.op !== "same") steps.push(`${event.op} ${event.name}`);
    };
    const summary = await stack.up({ replace: [urn("server")], onEvent });
    assert.deepEqual(summary, { same: 2, create: 0, update: 1, replace: 2, delete: 0 });
    const log = project.takeLog();
    assert.deepEqual(log.slice(0, 3), ["delete byTrigger", "delete server", "create server"]);
    // These two run side by side.
    assert.deepEqual(log.slice(3).sort(), ["create byEnvironment", "create byTrigger"]);
    assert.ok(
      steps.indexOf("create-replacement server") < steps.indexOf("create-replacement byTrigger"),
      String(steps),
    );
    assert.ok(steps.indexOf("create-replacement server") < steps.indexOf("update byEnvironment"), String(steps));
  });

  it("shows what a command prints, as it prints it, under its resource", async () => {
    const gate = path.join(project.dir, "gate");
    const waits = `echo first; while [ ! -e '${gate}' ]; do sleep 0.02; done; echo second >&2; echo hidden`;
    const stack = await project.open(() =>
      Promise.resolve(void local("a", { create: waits, logging: "stdoutAndStderr" })),
    );
    const lines: string[] = [];
    const first = printed(/^first$/);
    const running = stack.up({
      onEvent: (event) => {
        if (event.kind === "diagnostic" && event.urn === urn("a")) lines.push(event.message);
        first.onEvent(event);
      },
    });
    await first.line;
    assert.deepEqual(lines, ["first"]);
    writeFileSync(gate, "");
    await running;
    assert.deepEqual(lines.toSorted(), ["first", "hidden", "second"]);
  });

  it("says what a failing command printed, and keeps no trace of it in the state", async () => {
    const stack = await project.open(() => {
      local("bad", { create: 'echo to stdout\necho "to stderr" >&2; exit 3' });
      return Promise.resolve();
    });
    const expected =
      "up failed:\n" +
      '  bad: exit status 3: running "echo to stdout\\necho \\"to stderr\\" >&2; exit 3":\n' +
      "    to stdout\n" +
      "    to stderr";
    assert.equal(await failure(stack.up()), expected);
    assert.ok(!stack.urns().includes(urn("bad")));
  });

  it("throws what the program threw", async () => {
    const mine = new Error("the profile is wrong");
    const stack = await project.open(() => Promise.reject(mine));
    await assert.rejects(stack.up(), (error) => error === mine);
    await assert.rejects(stack.preview(), (error) => error === mine);
  });

  it("ends with the program's error when an output breaks that others wait for", async () => {
    const mine = new Error("no such GPU");
    const stack = await project.open(() => {
      const a = local("a", { create: "echo x" });
      const broken = a.stdout.apply((): string => {
        throw mine;
      });
      const b = local("b", { create: broken });
      // Waits for what will never be registered.
      const c = new command.local.Command("c", { create: "true" }, { dependsOn: b });
      return Promise.resolve({ said: c.stdout });
    });
    await stack.preview();
    await assert.rejects(stack.up(), (error) => error === mine);
    await assert.rejects(stack.preview(), (error) => error === mine);
    assert.deepEqual(
      stack.urns().filter((one) => one.includes("command:local")),
      [urn("a")],
    );
  });

  it("keeps secrets encrypted, in the state as in the working copy, and the committed files as they are", async () => {
    const config = { token: { value: "canary-7391", secret: true }, size: { value: "4", secret: false } };
    const committed = project.committed();
    const program = (): Promise<Record<string, unknown>> => {
      const own = new pulumi.Config();
      const token = own.requireSecret("token");
      const a = local("a", { create: "wc -c", stdin: token, environment: { TOKEN: token, SIZE: own.require("size") } });
      return Promise.resolve({ size: a.stdout, token });
    };
    const stack = await project.open(program, { config });
    await stack.up();
    assert.deepEqual(await stack.outputs(), { size: "11", token: "canary-7391" });
    assert.ok(!JSON.stringify(await stack.exportState()).includes("canary-7391"));
    assert.ok(!project.stateText(".").includes("canary-7391"));
    assert.deepEqual(project.committed(), committed);
    assert.equal(statSync(path.join(project.stateDir, "passphrase")).mode & 0o777, 0o600);
    assert.equal(statSync(project.stateDir).mode & 0o777, 0o700);

    const again = await project.open(program, { config: { ...config, size: { value: "5", secret: false } } });
    assert.equal((await again.up()).update, 1);
    const rotated = { ...config, token: { value: "canary-8", secret: true } };
    await (await project.open(program, { config: rotated })).up();
    assert.deepEqual(await again.outputs(), { size: "8", token: "canary-8" });
  });

  it("converges after the engine was killed in the middle of a create, and ends the orphan", async () => {
    const slow = path.join(project.dir, "slow");
    writeFileSync(slow, "");
    const program = (): Promise<void> => {
      const first = local("first", { create: project.logs("create first") });
      const wait = `if [ -e '${slow}' ]; then echo "pid $$"; sleep 600; fi`;
      local("second", { create: `${wait}; ${project.logs("create second")}`, triggers: [first.id] });
      return Promise.resolve();
    };
    const stack = await project.open(program);
    const started = printed(/^pid \d+$/);
    const killed = failure(stack.up({ onEvent: started.onEvent }));
    const orphan = Number((await started.line).slice(4));
    process.kill(project.enginePid(), "SIGKILL");
    assert.match(await killed, /^up: the engine was ended from outside \(SIGKILL\)/);
    await gone(orphan);
    rmSync(slow);

    const again = await project.open(program);
    const warnings: string[] = [];
    const onEvent = (event: EngineEvent): void => {
      if (event.kind === "diagnostic" && event.severity !== "info") warnings.push(event.message);
    };
    assert.equal((await again.up({ onEvent })).create, 1);
    assert.deepEqual(project.takeLog(), ["create first", "create second"]);
    assert.match(project.said.join("\n"), /removed the lock .*\n.*killed while creating second/);
    assert.equal((await again.up({ onEvent })).same, 3);
    assert.deepEqual(warnings, []);
  });

  it("makes a resource again whose delete was cut off by the death of the engine", async () => {
    const program = (): Promise<void> => {
      const slowly = `${project.logs("delete a")}; echo "pid $$"; if [ ! -e '${project.dir}/fast' ]; then sleep 600; fi`;
      local("a", { create: project.logs("create a"), delete: slowly }, true);
      return Promise.resolve();
    };
    const stack = await project.open(program);
    await stack.up();
    const started = printed(/^pid \d+$/);
    const killed = failure(stack.destroy({ onEvent: started.onEvent }));
    const orphan = Number((await started.line).slice(4));
    process.kill(project.enginePid(), "SIGKILL");
    await killed;
    await gone(orphan);
    writeFileSync(path.join(project.dir, "fast"), "");
    await (await project.open(program)).up();
    assert.deepEqual(project.takeLog(), ["create a", "delete a", "delete a", "create a"]);
  });

  it("ends what runs when it is interrupted, and goes on the next time", async () => {
    const slow = path.join(project.dir, "slow");
    writeFileSync(slow, "");
    const create = `if [ -e '${slow}' ]; then echo "pid $$"; sleep 600; fi; ${project.logs("create a")}`;
    const stack = await project.open(() => Promise.resolve(void local("a", { create })));
    const started = printed(/^pid \d+$/);
    const stop = new AbortController();
    const interrupted = failure(stack.up({ onEvent: started.onEvent, signal: stop.signal }));
    const child = Number((await started.line).slice(4));
    stop.abort();
    assert.match(await interrupted, /^up: interrupted/);
    await gone(child);
    rmSync(slow);
    await stack.up();
    assert.deepEqual(project.takeLog(), ["create a"]);
  });

  it("lets only one engine at a stack", async () => {
    const gate = path.join(project.dir, "gate");
    const create = `echo started; while [ ! -e '${gate}' ]; do sleep 0.02; done`;
    const program = (): Promise<void> => Promise.resolve(void local("a", { create }));
    const stack = await project.open(program);
    const started = printed(/^started$/);
    const first = stack.up({ onEvent: started.onEvent });
    await started.line;
    const pid = project.enginePid();
    const second = await failure((await project.open(program)).up());
    assert.match(second, new RegExp(`locked by a pulumi process ${pid} of .* still running[^]*kill -INT ${pid}`));
    writeFileSync(gate, "");
    await first;
  });

  it("names a passphrase that does not open the state, and changes nothing", async () => {
    const program = (): Promise<void> => Promise.resolve(void local("a", { create: "true" }));
    await (await project.open(program)).up();
    const before = project.stateText("backend");
    const env = { ...process.env, PULUMI_CONFIG_PASSPHRASE: "another" };
    const message = await failure((await project.open(program, { env })).up());
    assert.match(
      message,
      /^The passphrase from the environment variable PULUMI_CONFIG_PASSPHRASE does not open the state/,
    );
    assert.equal(project.stateText("backend"), before);
    assert.equal((await (await project.open(program)).up()).same, 2);
  });

  it("destroys in reverse order, and leaves nothing but the passphrase once the stack is removed", async () => {
    const stack = await project.open(() => {
      const a = local("a", { create: "echo A", delete: project.logs("delete a") });
      local("b", { create: "true", delete: project.logs("delete b"), environment: { A: a.stdout } });
      return Promise.resolve();
    });
    await stack.up();
    const other = await project.open(() => Promise.resolve(), { stackName: "other" });
    assert.match(await failure(stack.remove()), /still has resources/);
    assert.equal((await stack.destroy()).delete, 3);
    assert.deepEqual(project.takeLog(), ["delete b", "delete a"]);
    assert.deepEqual(stack.urns(), []);
    await stack.remove();
    const left = readdirSync(project.stateDir, { recursive: true, encoding: "utf8" });
    assert.deepEqual(
      left.filter((file) => /\bdev\b/.test(file)),
      [],
    );
    await other.remove();
    assert.deepEqual(readdirSync(project.stateDir), ["passphrase"]);
  });

  it("refuses by name what the stand-in does not implement", async () => {
    const remote = await project.open(() => {
      const source = new pulumi.asset.StringAsset("text");
      new command.remote.CopyToRemote("far", { connection: { host: "127.0.0.1" }, source, remotePath: "/tmp/far" });
      return Promise.resolve();
    });
    assert.match(
      await failure(remote.preview()),
      /far: the stand-in .* does not implement .*command:remote:CopyToRemote/,
    );
    const invoke = await project.open(async () => {
      await command.local.run({ command: "true" });
    });
    await assert.rejects(invoke.preview(), /does not implement function command:local:run/);
    const assets = await project.open(() => Promise.resolve(void local("a", { create: "true", assetPaths: ["*"] })));
    assert.match(await failure(assets.preview()), /assetPaths.* does not implement it/);
  });
});
