import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { commandOf, stdinOf } from "../../components/deckhouse/scripts";
import { Place } from "../support/fixtures";

const canary = "CANARY-kubeconfig";
const jobs = ["warm-a", "warm-b"].map((name) => JSON.stringify({ kind: "Job", metadata: { name } })).join("\n");

interface World {
  readonly looks?: readonly object[];
  /** Condition of each Job that is there. */
  readonly jobs?: Readonly<Record<string, string>>;
  readonly refuse?: string;
  readonly deadline?: string;
}

describe("serving-warm.sh, with a made kubectl", function () {
  this.timeout(30_000);
  let place: Place;
  beforeEach(() => (place = new Place()));
  afterEach(() => place.remove());

  const warm = async ({ looks = [], deadline = "60", ...world }: World) => {
    place.write("world.json", JSON.stringify({ jobs: {}, ...world, looks, engine: "out of memory", canary }));
    place.program(
      "bin/kubectl",
      `exec node ${JSON.stringify(join(__dirname, "madeKubectl.mjs"))} ${place.path("world.json")} "$@"`,
    );
    const settings = { namespace: "tokenrack", service: "llm", deadline, poll: "0", jobs };
    const child = spawn("/bin/sh", ["-c", commandOf("servingWarm", "warm", settings)], {
      env: { PATH: `${place.path("bin")}:${process.env["PATH"] ?? ""}`, TMPDIR: place.make("tmp") },
    });
    child.stdin.end(stdinOf("servingWarm", canary));
    const text = { out: "", err: "" };
    child.stdout.on("data", (part: Buffer) => (text.out += part.toString()));
    child.stderr.on("data", (part: Buffer) => (text.err += part.toString()));
    const [code] = (await once(child, "close")) as [unknown];
    assert.doesNotMatch(text.out + text.err, /CANARY/);
    assert.deepEqual(readdirSync(place.path("tmp")), []);
    const { applied = [], gone = [] } = JSON.parse(place.read("world.json")) as { applied?: string[]; gone?: string[] };
    return { code, ...text, applied, gone };
  };

  const allGone = ["delete warm-a", "delete warm-b", "wait job/warm-a", "wait job/warm-b"];

  it("makes the Jobs, follows them, and is over only when their GPUs are free again", async () => {
    const { code, out, err, applied, gone } = await warm({ jobs: { "warm-a": "Complete", "warm-b": "Complete" } });
    assert.equal(code, 0, err);
    assert.deepEqual([applied, gone], [["warm-a", "warm-b"], allGone]);
    assert.deepEqual(JSON.parse(out), { filled: 2 });
  });

  it("makes none once there is a RayService: its pods hold the GPUs", async () => {
    const { code, out, err, applied } = await warm({ looks: [{ metadata: { generation: 1 } }] });
    assert.deepEqual([code, applied, JSON.parse(out)], [0, [], { filled: 0 }]);
    assert.match(err, /the GPUs are in use/);
  });

  it("does not stop the bring-up when a Job fails, and tells its last line", async () => {
    const { code, out, err, gone } = await warm({ jobs: { "warm-a": "Failed", "warm-b": "Complete" } });
    assert.deepEqual([code, JSON.parse(out), gone], [0, { filled: 1 }, allGone]);
    assert.match(err, /warm-a: its compile cache stays empty: out of memory/);
  });

  it("takes the Jobs away when the time is up", async () => {
    const { code, err, gone } = await warm({ deadline: "0" });
    assert.deepEqual([code, gone], [0, allGone]);
    assert.match(err, /not done after 0 s: warm-a warm-b/);
  });

  it("goes on when the cluster refuses a Job", async () => {
    const { code, out, err, gone } = await warm({ refuse: "exceeded quota" });
    assert.deepEqual([code, JSON.parse(out), gone], [0, { filled: 0 }, []]);
    assert.match(err, /a compile cache stays empty: exceeded quota/);
  });
});
