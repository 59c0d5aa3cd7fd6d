import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { deploy, startDeployer } from "../../local/deployer";
import { findPython } from "../../local/machine";
import { endProcesses, findProcesses } from "../../local/processes";
import { pythonModules, type RayHome } from "../../local/rayEnvironment";
import { privateDirectory, rayTempDirectory, removePart } from "../../local/runFiles";
import { Place } from "../support/fixtures";

/** Ray as far as the deployer calls it: notes the calls in a file. */
const fakeRay = (notes: string): Readonly<Record<string, string>> => ({
  "ray/__init__.py": `
import json
def note(*what):
    with open(${JSON.stringify(notes)}, "a") as file: file.write(json.dumps(what) + "\\n")
def init(address, log_to_driver): note("init", address)
`,
  "ray/serve/__init__.py": `
import ray
from collections import namedtuple
RunTarget = namedtuple("RunTarget", "target name route_prefix")
def start(proxy_location, http_options): ray.note("start", proxy_location, http_options)
def run_many(targets, **waits): ray.note("run", targets, waits)
`,
  "ray/serve/llm.py": `
def build(args):
    if "bad" in args: raise ValueError("bad is not known")
    return {"built": args}
`,
});

const config = (args: object): object => ({
  applications: [{ args, import_path: "ray.serve.llm:build", name: "llm", route_prefix: "/" }],
  http_options: { host: "127.0.0.1", port: 8000 },
  proxy_location: "HeadOnly",
});

describe("the process that deploys (the real one, with a fake Ray)", () => {
  let place: Place;
  let home: RayHome;
  let socket: string;
  beforeEach(() => {
    place = new Place();
    const run = place.path("run");
    home = { runDirectory: run, cacheDirectory: place.path("cache"), pythonDirectory: place.path("python") };
    privateDirectory(rayTempDirectory(run));
    socket = join(rayTempDirectory(run), "deployer.sock");
    for (const [file, text] of Object.entries(fakeRay(place.path("notes")))) {
      place.write(`run/ray/python/${file}`, text);
    }
    cpSync(
      join(__dirname, "../../local/python/site/tokenrack_deploy.py"),
      join(pythonModules(run), "tokenrack_deploy.py"),
    );
    mkdirSync(place.path("python/bin"), { recursive: true });
    symlinkSync(findPython().path ?? "", place.path("python/bin/python"));
  });
  afterEach(async () => {
    await endProcesses(home.runDirectory, "ray", 0);
    removePart(home.runDirectory, "ray");
    place.remove();
  });

  const notes = (): unknown[] =>
    place
      .read("notes")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);
  const gone = async (): Promise<boolean> => {
    for (let i = 0; i < 50 && findProcesses(home.runDirectory, "ray").length > 0; i++) await sleep(100);
    return findProcesses(home.runDirectory, "ray").length === 0;
  };

  it("is started when none waits, deploys once and ends", async () => {
    assert.equal(await deploy(home, "127.0.0.1:6379", config({ a: 1 })), undefined);
    const waits = { wait_for_ingress_deployment_creation: false, wait_for_applications_running: false };
    assert.deepEqual(notes(), [
      ["init", "127.0.0.1:6379"],
      ["start", "HeadOnly", { host: "127.0.0.1", port: 8000 }],
      ["run", [[{ built: { a: 1 } }, "llm", "/"]], waits],
    ]);
    assert.ok(await gone());
    assert.ok(!existsSync(socket));
  });

  it("is used when it waits already", async () => {
    startDeployer(home);
    for (let i = 0; i < 50 && !existsSync(socket); i++) await sleep(100);
    assert.equal(findProcesses(home.runDirectory, "ray").length, 1);
    assert.equal(await deploy(home, "a:1", config({})), undefined);
    assert.ok(await gone());
    assert.equal(notes().length, 3);
  });

  it("says what is wrong with a config, in the words of who refused it", async () => {
    assert.equal(await deploy(home, "a:1", config({ bad: 1 })), "ValueError: bad is not known");
  });

  it("says the last lines of a process that ended early", async () => {
    place.write("run/ray/python/ray/serve/llm.py", "raise SystemExit('no PyTorch here')");
    const error = (await deploy(home, "a:1", config({}))) ?? "";
    assert.match(error, /^the process that deploys ended without an answer:\n(?:.*\n)*no PyTorch here$/);
  });

  it("takes the place of a socket that a killed one left behind", async () => {
    writeFileSync(socket, "");
    assert.equal(await deploy(home, "a:1", config({})), undefined);
  });
});
