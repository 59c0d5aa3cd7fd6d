import assert from "node:assert/strict";
import { Place } from "../support/fixtures";
import { makeKubectl, runScript, type Ran } from "./clusterScript";

describe("existing-check.sh, with a made kubectl", () => {
  let place: Place;
  beforeEach(() => (place = new Place()));
  afterEach(() => place.remove());

  /** @param nodes lines "<name> <Ready> <gpus>", as the asked jsonpath prints them */
  const check = async (
    pools: string,
    nodes: string,
    { version = "v1.34.2", ready = "echo ok", kinds = [] as readonly string[], known = "" } = {},
  ): Promise<Ran> => {
    makeKubectl(
      place,
      `*/readyz*) ${ready} ;;
*/version*) echo '{"gitVersion": "${version}"}' ;;
*"get customresourcedefinitions.apiextensions.k8s.io "*" --ignore-not-found -o name"*) ${known} ;;
*"get nodes -l gpu=yes"*) cat <<'E'
${nodes}
E
;;`,
    );
    return runScript(place, ["existing", "check"], {
      ...{ stack: "a100", floor: "30", pools },
      ...{ monitoring: "prometheusOperator", kinds: kinds.join("\n") },
    });
  };

  it("finds what the plan counts on", async () => {
    const { code, out, err } = await check("gpu 2 1 gpu=yes", "n1 True 1\nn2 True 1");
    assert.equal(code, 0, err);
    assert.deepEqual(JSON.parse(out), { version: "v1.34.2", nodes: { gpu: 2 } });
  });

  it("says which nodes have no device plugin yet, which is no fault", async () => {
    const { code, err } = await check("gpu 2 8 gpu=yes", "n1 True \nn2 True ");
    assert.equal(code, 0);
    assert.match(err, /no device plugin yet on n1, n2/);
  });

  it("tells every fault at once", async () => {
    const { code, out, err } = await check("gpu 3 8 gpu=yes", "n1 True 4\nn2 False 8", { version: "v1.27.9" });
    assert.deepEqual([code, out], [3, ""]);
    assert.match(err, /found: +v1\.27\.9\n +expected: 1\.30 or newer/);
    assert.match(err, /found: +1 Ready with gpu=yes\n +expected: 3/);
    assert.match(err, /found: +n1 has 4 allocatable\n +expected: 8 a node/);
  });

  const kinds = ["podmonitors.monitoring.coreos.com", "prometheusrules.monitoring.coreos.com"];

  it("tells which kinds of monitoring the cluster does not know", async () => {
    const known = 'case "$*" in *podmonitors*) echo customresourcedefinition.apiextensions.k8s.io/podmonitors ;; esac';
    const { code, err } = await check("gpu 2 1 gpu=yes", "n1 True 1\nn2 True 1", { kinds, known });
    assert.equal(code, 3);
    assert.match(
      err,
      /\n +checked: +monitoring\.kind: prometheusOperator\n +found: +no prometheusrules\.monitoring\.coreos\.com\n +expected: the Custom.*\n +fix: +install Prometheus Operator, or write monitoring\.kind: none\n/,
    );
  });

  it("goes on where the kinds are there, and where nobody lets it look", async () => {
    const there = await check("gpu 2 1 gpu=yes", "n1 True 1\nn2 True 1", { kinds, known: "echo there" });
    assert.equal(there.code, 0, there.err);
    const known = "echo 'Error from server (Forbidden)' >&2; exit 1";
    const { code, err } = await check("gpu 2 1 gpu=yes", "n1 True 1\nn2 True 1", { kinds, known });
    assert.equal(code, 0);
    assert.match(
      err,
      /whether the cluster knows podmonitors\.monitoring\.coreos\.com could not be looked up: .*Forbidden/,
    );
  });

  it("tells an API that does not answer by its last words", async () => {
    const ready = 'echo "dial tcp 10.0.0.1:6443: i/o timeout" >&2; exit 1';
    const { code, err } = await check("gpu 1 1 gpu=yes", "", { ready });
    assert.equal(code, 3);
    assert.match(err, /checked: +the API\n +found: +dial tcp 10\.0\.0\.1:6443: i\/o timeout/);
  });
});
