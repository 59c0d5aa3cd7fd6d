import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { commandOf, stdinOf } from "../../components/deckhouse/scripts";
import { Place } from "../support/fixtures";

const canary = "CANARY-kubeconfig";

describe("models-wait.sh, with a made kubectl", () => {
  let place: Place;
  beforeEach(() => (place = new Place()));
  afterEach(() => place.remove());

  /** @param conditions what a Job's true conditions are, each time it is asked for; the last one stays */
  const wait = async (conditions: Readonly<Record<string, readonly string[]>>, log = "12 of 99 GiB") => {
    const answers = Object.entries(conditions).map(
      ([job, [first = "", later = first]]) => `*"get job ${job} "*)
  if [ -e ${place.path(job)} ]; then echo '${later}'; else : >${place.path(job)}; echo '${first}'; fi ;;`,
    );
    place.program(
      "bin/kubectl",
      `printf '%s\\n' "$*" >>${place.path("calls")}
[ "$(cat "$2")" = ${canary} ] || exit 9
case "$*" in
${answers.join("\n")}
*logs*) printf '%s\\n' '${log}' ;;
*"get pods"*) echo 'Pending  0/3 nodes are available' ;;
*) exit 8 ;;
esac`,
    );
    place.program("bin/sleep", ":");
    const jobs = Object.keys(conditions)
      .map((job) => `${job} model-${job}`)
      .join("\n");
    const settings = { jobs, namespace: "tokenrack", wait_seconds: "60" };
    const child = spawn("/bin/sh", ["-c", commandOf("modelsWait", "wait", settings)], {
      env: { PATH: `${place.path("bin")}:/usr/bin:/bin`, TMPDIR: place.make("tmp") },
    });
    child.stdin.end(stdinOf("modelsWait", canary));
    const text = { out: "", err: "" };
    child.stdout.on("data", (part: Buffer) => (text.out += part.toString()));
    child.stderr.on("data", (part: Buffer) => (text.err += part.toString()));
    const [code] = (await once(child, "close")) as [unknown];
    assert.deepEqual(readdirSync(place.path("tmp")), []);
    assert.doesNotMatch(text.out + text.err + place.read("calls"), /CANARY/);
    return { code, ...text };
  };

  it("ends when all are done, telling how far each was", async () => {
    const { code, out, err } = await wait({ a: ["", "Complete "], b: ["Complete "] });
    assert.equal(code, 0, err);
    assert.deepEqual((JSON.parse(out) as string[]).sort(), ["model-a", "model-b"]);
    assert.match(err, /^model-a: 12 of 99 GiB\n$/);
  });

  it("reads the downloader's own lines", async () => {
    const line = {
      stage: "download",
      bytesDone: 3 * 2 ** 30,
      bytesTotal: 12 * 2 ** 30,
      bytesPerSecond: 2 ** 20 * 150,
      etaSeconds: 61,
    };
    const { err } = await wait({ a: ["", "Complete "] }, JSON.stringify(line));
    assert.equal(err, "model-a: 3.0 of 12.0 GiB, 150 MiB/s, 2 min left\n");
  });

  it("says the same only now and then", async () => {
    const { err } = await wait({ a: [""] });
    // 60 s in steps of 5, a line every 30.
    assert.equal(err.match(/^model-a: /gm)?.length, 3);
  });

  it("ends at once when one failed, with its last lines", async () => {
    const { code, out, err } = await wait({ a: ["Failed "], b: [""] }, "401: the token opens no such model");
    assert.deepEqual([code, out], [3, ""]);
    assert.match(
      err,
      /the model model-a is not on its volume\n[\s\S]*it failed for good[\s\S]*\n {4}401: the token opens/,
    );
  });

  it("gives up after its time, and says why a pod waits", async () => {
    const { code, err } = await wait({ a: [""] }, "");
    assert.equal(code, 3);
    assert.match(err, /found: +after 60 s: Pending +0\/3 nodes are available/);
  });
});
