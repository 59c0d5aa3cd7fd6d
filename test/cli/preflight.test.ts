import assert from "node:assert/strict";
import { preflight } from "../../cli/preflight";
import type { Fault } from "../../config/errors";
import { environmentDirectory } from "../../local/pythonEnv";
import type { LocalStackPlan } from "../../plan/plan";
import { tiny } from "../render/plans";
import { Environment, freePort, occupy, Place } from "../support/fixtures";

describe("preflight", () => {
  const environment = new Environment();
  let place: Place;
  let plan: LocalStackPlan;
  let opened: { close: () => Promise<void> }[] = [];
  /** Takes a port until the test is over. */
  const take = async (port: number): Promise<void> => void opened.push(await occupy(port));
  beforeEach(async () => {
    place = new Place();
    environment.set("PATH", place.make("bin"));
    const port = async (): Promise<number> => freePort();
    const ports = {
      gateway: await port(),
      serve: await port(),
      rayGcs: await port(),
      rayDashboard: await port(),
      rayClient: await port(),
    };
    plan = { ...tiny, local: { ...tiny.local, ports, paths: { ...tiny.local.paths, cache: place.path("cache") } } };
  });
  afterEach(async () => {
    for (const one of opened) await one.close();
    opened = [];
    environment.restore();
    place.remove();
  });

  const python = (venv: boolean): string =>
    place.program("bin/python3", `case "$2" in *venv*) ${venv ? "exit 0" : "exit 1"};; *) echo 3.12.4;; esac`);
  const compiler = (): string => place.program("bin/g++", "exit 0");
  const look = (freeGib = 100, ours: number[] = []): Promise<Fault[]> => preflight(plan, new Set(ours), () => freeGib);
  const paths = (faults: readonly Fault[]): string[] => faults.map(({ path }) => path);

  it("finds nothing where everything is there", async () => {
    python(true);
    compiler();
    assert.deepEqual(await look(), []);
  });

  it("finds everything at once, each with what was found and what to do", async () => {
    const port = plan.local.ports.serve;
    await take(port);
    const faults = await look(7.9);
    assert.deepEqual(paths(faults), ["Python", "g++", "disk", "ports.serve"]);
    assert.deepEqual(
      faults.map(({ found }) => found),
      [
        "no python3 on PATH",
        "no g++ on PATH",
        `7.9 GiB free at ${place.path("cache")}`,
        `port ${port}, and another program listens there`,
      ],
    );
    for (const { needed, fix } of faults) assert.ok(needed !== "" && fix !== "");
  });

  it("asks for Python's venv module, or else for uv", async () => {
    const path = python(false);
    compiler();
    const [fault, ...more] = await look();
    assert.deepEqual([fault?.path, more], ["Python", []]);
    assert.equal(fault?.found, `${path} cannot make virtual environments (no venv or ensurepip module)`);
    place.program("bin/uv", "exit 0");
    assert.deepEqual(await look(), []);
  });

  it("asks for a compiler only where the model runs on the CPU", async () => {
    python(true);
    assert.deepEqual(paths(await look()), ["g++"]);
    plan = { ...plan, local: { ...plan.local, accelerator: "cuda", python: { ...plan.local.python, lock: "cuda" } } };
    assert.deepEqual(await look(), []);
    assert.deepEqual(
      (await look(13.9)).map(({ needed }) => needed),
      ["14 GiB for Ray and vLLM"],
    );
  });

  it("asks neither for Python nor for its disk once the environment is installed", async () => {
    compiler();
    const marker = `${environmentDirectory(plan.local.paths.cache, "cpu")}/.complete`;
    place.write(marker.slice(place.directory.length + 1), "");
    assert.deepEqual(await look(0.5), []);
    assert.deepEqual(
      (await look(0.4)).map(({ path, needed }) => [path, needed]),
      [["disk", "0.5 GiB"]],
    );
  });

  it("leaves ports alone that the stack itself holds", async () => {
    python(true);
    compiler();
    const port = plan.local.ports.gateway;
    await take(port);
    assert.deepEqual(paths(await look()), ["ports.gateway"]);
    assert.deepEqual(await look(100, [port]), []);
  });
});
