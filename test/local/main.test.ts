import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fields, Place } from "../support/fixtures";

const root = join(__dirname, "..", "..");

/** Runs a verb as the components do. */
async function verb(name: string, input: object, stdin = ""): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, ["--import", "tsx", join(root, "local", "main.ts"), name], {
    cwd: root,
    env: { ...process.env, TOKENRACK_INPUT: JSON.stringify(input) },
  });
  child.stdin.end(stdin);
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number]>,
  ]);
  return { code, out, err };
}

describe("the verbs of local/main.ts", function () {
  this.timeout(30_000);
  let place: Place;
  beforeEach(() => (place = new Place()));
  afterEach(() => place.remove());
  const model = (kind: string, source: string): object => ({
    kind,
    source,
    cacheDirectory: place.path("cache"),
    pythonDirectory: "",
  });

  it("say on stderr what goes on, and on stdout their result alone", async () => {
    const { code, out, err } = await verb("model-provide", model("builtin", "builtin:tiny-llama"));
    assert.equal(code, 0, err);
    assert.deepEqual(JSON.parse(out), { directory: place.path("cache", "models", "tiny-llama") });
    assert.equal(err, "making a tiny Llama with random weights: its words will be noise\n");
  });

  it("end with 1 and the four fields, without a stack, for a fault of the user's", async () => {
    const { code, out, err } = await verb("model-provide", model("directory", place.path("gone")));
    assert.deepEqual([code, out, fields(err.trimEnd()).found], [1, "", `${place.path("gone")} does not exist`]);
  });

  it("end with 1 for an unknown verb, and name those that there are", async () => {
    const { code, out, err } = await verb("ray-stary", {});
    assert.deepEqual([code, out], [1, ""]);
    assert.match(err, /^unknown verb; one of: python-install, .*first-token\n$/);
  });

  it("show no secret when their input is wrong", async () => {
    const { code, err } = await verb("gateway-start", {}, '{"signingKey":7,"users":"CANARY"}');
    assert.equal(code, 1);
    assert.ok(!err.includes("CANARY"));
  });

  it("start nothing on a Python environment that is gone and cannot be made again", async () => {
    const gone = { cacheDirectory: place.path("cache"), pythonDirectory: place.path("cache", "python", "cpu-old") };
    const ports = { rayGcs: 1, rayDashboard: 2, rayClient: 3 };
    const sizes = { numCpus: 1, numGpus: 0, reservedCores: 0, objectStoreMib: 80 };
    const ray = { runDirectory: place.path("run"), ports, ...sizes, ...gone };
    const model = { kind: "huggingface", source: "org/name", ...gone };
    for (const { code, err } of [
      await verb("ray-start", ray, '{"rayToken":"t"}'),
      await verb("model-provide", model),
    ]) {
      assert.equal(code, 1);
      assert.equal(fields(err.trimEnd()).checked, "the Python environment");
    }
  });

  it("stop what never ran", async () => {
    for (const name of ["ray-stop", "gateway-stop"]) {
      const { code, out } = await verb(name, { runDirectory: place.path("run") });
      assert.deepEqual([code, out], [0, ""], name);
    }
  });
});
