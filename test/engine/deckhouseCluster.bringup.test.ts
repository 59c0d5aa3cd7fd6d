import type { PulumiFn } from "@pulumi/pulumi/automation";
import * as pulumi from "@pulumi/pulumi";
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { userInfo } from "node:os";
import { DeckhouseCluster } from "../../components/deckhouseCluster";
import type { DeckhouseInput } from "../../render/deckhouse";
import { small } from "../render/deckhouse/cases";
import { licence, MadeMaster } from "../scripts/deckhouse/madeMaster";
import { failure, findEngine, TestProject, type Engine } from "./harness";

const inputOf = (names: readonly string[], change: Partial<DeckhouseInput["cluster"]> = {}): DeckhouseInput => ({
  ...small,
  cluster: { ...small.cluster, edition: "EE", ...change },
  pools: [
    { name: "masters", role: "master", nodes: [{ name: "master-1", address: "127.0.0.1" }] },
    { name: "gpu", role: "gpu", nodes: names.map((name, index) => ({ name, address: `192.168.3.${index + 54}` })) },
  ],
});

/** The real engine, real SSH and real scripts with the command stand-in; Deckhouse and its installer are simulated. */
describe("DeckhouseCluster on the real engine", function () {
  this.timeout(120_000);
  let engine: Engine;
  let project: TestProject;
  const master = new MadeMaster();
  /** Everything that was said in a test. */
  let said = "";

  before(async function () {
    this.timeout(31 * 60_000);
    engine = await findEngine("command");
    await master.start();
  });
  beforeEach(() => {
    master.reset();
    project = new TestProject(engine);
    said = "";
  });
  afterEach(() => project.remove());
  after(() => master.end());

  const hostKey = (name: string): string => master.place.read(`${name}.pub`).split(" ").slice(0, 2).join(" ");
  const program =
    (input: DeckhouseInput, key = hostKey("host")): PulumiFn =>
    () => {
      const ssh = {
        address: "127.0.0.1",
        port: master.port,
        user: userInfo().username,
        hostKey: key,
        privateKey: pulumi.secret(master.key),
      };
      const cluster = new DeckhouseCluster("dh", {
        cluster: "test",
        input,
        master: ssh,
        bootstrapHost: ssh,
        stateDirectory: master.state,
        secrets: { deckhouseLicenseKey: pulumi.secret(licence) },
        machines: {},
      });
      return Promise.resolve({ kubeconfig: cluster.kubeconfig, ready: cluster.ready });
    };
  const open = (input: DeckhouseInput, key?: string) =>
    project.open(program(input, key), { progress: (line) => (said += `${line}\n`) });
  const up = async (input: DeckhouseInput) =>
    (await open(input)).up({ onEvent: (event) => (said += `${JSON.stringify(event)}\n`) });
  const gpuNodes = (): string[] => {
    const { nodes } = master.read();
    return nodes.flatMap(({ name, group }) => (group === "gpu" ? [name] : [])).sort();
  };

  it("brings up, changes nothing again, adds a node, takes the right one out, and leaves no secret anywhere", async () => {
    const two = inputOf(["gpu-1", "gpu-2"]);
    const stack = await open(two);
    const planned = await stack.preview();
    assert.deepEqual(master.writes(), []);
    assert.equal((await up(two)).create, planned.create);
    assert.deepEqual(gpuNodes(), ["gpu-1", "gpu-2"]);
    assert.equal(Reflect.get(await stack.outputs(), "ready"), '{"master":1,"gpu":2}');

    const writes = master.writes();
    const again = await up(two);
    assert.deepEqual([again.create, again.update, again.replace, again.delete], [0, 0, 0, 0]);
    assert.deepEqual(master.writes(), writes);

    const more = await up(inputOf(["gpu-1", "gpu-2", "gpu-3"]));
    assert.deepEqual([more.create, more.update, more.replace, more.delete], [1, 2, 0, 0]);
    assert.deepEqual(gpuNodes(), ["gpu-1", "gpu-2", "gpu-3"]);

    // The engine updates the group before it deletes the machine: the count must not drop until then.
    const fewer = await up(inputOf(["gpu-1", "gpu-3"]));
    assert.deepEqual([fewer.create, fewer.replace, fewer.delete], [0, 0, 1]);
    assert.deepEqual(gpuNodes(), ["gpu-1", "gpu-3"]);
    assert.equal(master.writes().at(-1), "patch gpu 2");

    const backend = project.stateText("backend");
    for (const secret of [licence, master.key, Buffer.from(master.key).toString("base64"), "Q0FOQVJZLWFkbWlu"]) {
      assert.ok(!backend.includes(secret) && !said.includes(secret), secret.slice(0, 12));
    }
  });

  it("shows another release channel as an update of what has it, and makes nothing anew", async () => {
    await up(inputOf(["gpu-1"]));
    const changed = inputOf(["gpu-1"], { releaseChannel: "EarlyAccess" });
    const { create, update, replace } = await (await open(changed)).preview();
    assert.deepEqual([create, update, replace], [0, 2, 0]);
    const before = master.writes().length;
    await up(changed);
    assert.deepEqual(master.writes().slice(before), ["apply ModuleConfig/deckhouse"]);
  });

  it("refuses a master that shows another key", async () => {
    const message = await failure((await open(inputOf(["gpu-1"]), hostKey("other"))).up());
    assert.match(message, /host key mismatch/);
    assert.deepEqual(master.writes(), []);
  });

  it("forgets the installation when it is destroyed", async () => {
    await up(inputOf(["gpu-1"]));
    const stack = await open(inputOf(["gpu-1"]));
    await stack.destroy();
    assert.deepEqual(gpuNodes(), []);
    assert.deepEqual(readdirSync(master.state).sort(), ["bootstrap.log", "lock", "lock.holder"]);
  });
});
