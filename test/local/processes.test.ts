import assert from "node:assert/strict";
import { endProcesses, findProcesses, isAlive, markOf, referenceTo } from "../../local/processes";
import { Children, Place, waits } from "../support/fixtures";

describe("processes of a stack", () => {
  const children = new Children();
  let place: Place;
  let run: string;
  beforeEach(() => {
    place = new Place();
    run = place.directory;
    place.make("ray");
    place.make("gateway");
  });
  afterEach(async () => {
    await children.killAll();
    place.remove();
  });

  const path = { PATH: process.env["PATH"] };
  const pids = (part: "ray" | "gateway", directory = run): number[] =>
    findProcesses(directory, part).map(({ pid }) => pid);

  it("are found by the mark of their directory and part, wherever they stand", async () => {
    const { pid } = await children.run(waits, { env: { ...path, ...markOf(run, "ray") }, cwd: "/" });
    assert.deepEqual([pids("ray"), pids("gateway")], [[pid], []]);
    assert.match(findProcesses(run, "ray")[0]?.name ?? "", /^\S*node -e /);
  });

  it("are spared when their mark names another directory, even one that begins alike", async () => {
    const other = `${run}-2`;
    const { pid } = await children.run(waits, { env: { ...path, ...markOf(other, "ray") }, cwd: place.path("ray") });
    assert.deepEqual([pids("ray"), pids("ray", other)], [[], [pid]]);
    assert.equal(await endProcesses(run, "ray", 0), 0);
    assert.ok(children.lives(pid));
  });

  it("are found by their working directory when they have overwritten their environment", async () => {
    const { pid } = await children.run(waits, { env: {}, cwd: place.path("gateway") });
    assert.deepEqual([pids("ray"), pids("gateway")], [[], [pid]]);
  });

  it("are not the shell that somebody left there, which has a whole environment", async () => {
    const { pid } = await children.run(waits, { env: { ...path, HOME: "/" }, cwd: place.path("ray") });
    assert.deepEqual(pids("ray"), []);
    assert.equal(await endProcesses(run, "ray", 0), 0);
    assert.ok(children.lives(pid));
  });

  it("are asked to end, and then are gone", async () => {
    const { pid } = await children.run(waits, { env: { ...path, ...markOf(run, "ray") } });
    assert.equal(await endProcesses(run, "ray", 5), 1);
    assert.equal(await children.end(pid), "SIGTERM");
    assert.deepEqual(pids("ray"), []);
  });

  it("are forced to end when asking does not help, their children too", async () => {
    const stubborn = `process.on("SIGTERM", () => {}); ${waits}`;
    const env = { ...path, ...markOf(run, "ray") };
    const { pid } = await children.run(stubborn, { env });
    const parent = `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(stubborn)}], { stdio: "inherit" }); ${stubborn}`;
    const { pid: second } = await children.run(parent, { env });
    while (pids("ray").length < 3) await new Promise((done) => setImmediate(done));
    assert.equal(await endProcesses(run, "ray", 0.1), 3);
    assert.deepEqual([await children.end(pid), await children.end(second), pids("ray")], ["SIGKILL", "SIGKILL", []]);
  });
});

describe("a process number", () => {
  const children = new Children();
  afterEach(() => children.killAll());

  it("is that process only with the same start time", async () => {
    const { pid } = await children.run(waits);
    const it = referenceTo(pid);
    assert.ok(it !== undefined && isAlive(it));
    assert.equal(isAlive({ ...it, started: String(Number(it.started) - 1) }), false);
  });

  it("is nobody's once the process has ended", async () => {
    const { pid } = await children.run(waits);
    const it = referenceTo(pid);
    await children.killAll();
    assert.ok(it !== undefined && !isAlive(it));
    assert.equal(referenceTo(pid), undefined);
  });
});
