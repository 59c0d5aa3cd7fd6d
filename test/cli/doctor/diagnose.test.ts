import assert from "node:assert/strict";
import { diagnose, type Layer } from "../../../cli/doctor/diagnose";
import { closed, exitCodeOf, type LayerId, type Looked } from "../../../cli/doctor/findings";
import { verdictOf } from "../../../cli/doctor/text";

const finding = { checked: "c", found: "f", expected: "e", fix: "x" };
const well: Looked = { state: "looked", findings: [], seen: "well" };
const broken: Looked = { state: "looked", findings: [finding], seen: "ill" };
const shut = closed("c", "f", "e", "x");
const absent: Looked = { state: "absent", why: "none" };

type Row = readonly [id: LayerId, after: LayerId[], looked: Looked];

describe("layers bottom up", () => {
  const seen: LayerId[] = [];
  beforeEach(() => seen.splice(0));
  const look = (...rows: readonly Row[]) => {
    const layers: Layer[] = rows.map(([id, after, looked]) => ({
      id,
      after,
      look: () => {
        seen.push(id);
        return Promise.resolve(looked);
      },
    }));
    return diagnose(layers);
  };
  const states = async (...rows: readonly Row[]) =>
    (await look(...rows)).map(({ id, state, seen: said }) => `${id} ${state}: ${said}`);

  it("are all looked at where all is well, also on top of what a stack does not have", async () => {
    const all = await look(["node", [], well], ["driver", ["node"], absent], ["devicePlugin", ["driver"], well]);
    assert.deepEqual(
      all.map(({ state }) => state),
      ["well", "absent", "well"],
    );
    assert.equal(exitCodeOf({ stack: "s", platform: "existing", layers: all }), 0);
    assert.equal(verdictOf({ layers: all }), "all well");
  });

  it("are not looked at above a broken one, which is named however far below it is; others are", async () => {
    const rows: readonly Row[] = [
      ["node", [], broken],
      ["kubeRay", ["node"], well],
      ["engine", ["kubeRay"], well],
      ["tls", [], well],
    ];
    assert.deepEqual(await states(...rows), [
      "node broken: ill",
      "kubeRay skipped: not looked at, since node is broken",
      "engine skipped: not looked at, since node is broken",
      "tls well: well",
    ]);
    assert.deepEqual(seen, ["node", "tls"]);
  });

  it("are not looked at above what could not be looked at, and that is another ending", async () => {
    const all = await look(["node", [], shut], ["kubeRay", ["node"], well], ["tls", [], well]);
    assert.equal(all[1]?.seen, "not looked at, since node could not be looked at");
    assert.equal(exitCodeOf({ stack: "s", platform: "existing", layers: all }), 2);
    assert.equal(verdictOf({ layers: all }), "nothing broken was seen; node could not be looked at");
  });

  it("end with the broken one where another could not be looked at", async () => {
    const all = await look(["ssh", [], shut], ["node", [], broken], ["gateway", [], broken]);
    assert.equal(exitCodeOf({ stack: "s", platform: "proxmox", layers: all }), 1);
    assert.equal(verdictOf({ layers: all }), "node is broken, and above it gateway; SSH could not be looked at");
  });
});
