import assert from "node:assert/strict";
import { Place } from "../support/fixtures";
import { makeWorld, runScript } from "./clusterScript";

const input = ["warm-a", "warm-b"].map((name) => JSON.stringify({ kind: "Job", metadata: { name } }));
const jobs = "warm-a 0a1b\nwarm-b 2c3d";

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
    makeWorld(place, { jobs: {}, ...world, looks, engine: "out of memory" });
    const settings = { namespace: "tokenrack", service: "llm", deadline, poll: "0", jobs };
    const ran = await runScript(place, ["servingWarm", "warm"], settings, { input });
    const { applied = [], gone = [] } = JSON.parse(place.read("world.json")) as { applied?: string[]; gone?: string[] };
    return { ...ran, applied, gone };
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
