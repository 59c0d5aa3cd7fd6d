import assert from "node:assert/strict";
import { Place } from "../support/fixtures";
import { makeKubectl, runScript } from "./clusterScript";

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
    makeKubectl(
      place,
      `${answers.join("\n")}
*logs*) printf '%s\\n' '${log}' ;;
*"get pods"*) echo 'Pending  0/3 nodes are available' ;;`,
    );
    place.program("bin/sleep", ":");
    const jobs = Object.keys(conditions)
      .map((job) => `${job} model-${job}`)
      .join("\n");
    return runScript(place, ["modelsWait", "wait"], { jobs, namespace: "tokenrack", wait_seconds: "60" });
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
