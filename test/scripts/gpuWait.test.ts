import assert from "node:assert/strict";
import { Place } from "../support/fixtures";
import { makeKubectl, runScript } from "./clusterScript";

describe("gpu-wait.sh, with a made kubectl", () => {
  const resource = "my\\.org/gpu";
  let place: Place;
  beforeEach(() => (place = new Place()));
  afterEach(() => place.remove());

  /** @param nodes what `kubectl get nodes -l gpu=yes` prints, the first time and from the second on; @param pods of the operands */
  const wait = async (pools: string, nodes: readonly [string, string?], pods = "") => {
    const [first, later = first] = nodes;
    makeKubectl(
      place,
      `*"get nodes"*"-l gpu=yes"*)
  if [ -e ${place.path("asked")} ]; then printf '%s\\n' '${later}'; exit; fi
  : >${place.path("asked")}
  printf '%s\\n' '${first}' ;;
*"get pods -n gpu-operator"*) printf '%s\\n' '${pods}' ;;
*logs*) echo "error: no such device" ;;`,
    );
    place.program("bin/sleep", ":");
    return runScript(place, ["gpuWait", "wait"], { pools, namespaces: "gpu-operator", resource, wait_seconds: "20" });
  };

  it("ends once every node of the pool has its GPUs, and says how many there are", async () => {
    const { code, out, err } = await wait("gpu 2 8 gpu=yes", ["n1 True 8\nn2 True ", "n1 True 8\nn2 True 8"]);
    assert.equal(code, 0, err);
    assert.deepEqual(JSON.parse(out), { gpu: 16 });
    assert.match(err, /^0 s: gpu: 1 of 2 nodes have 8 GPUs each; not yet: n2 \(no GPUs\)\n$/);
  });

  it("counts what the plan calls a GPU, as kubectl's path has the name", async () => {
    const { calls } = await wait("gpu 1 1 gpu=yes", ["n1 True 1"]);
    assert.match(calls, /\{\.status\.allocatable\.my\\\.org\/gpu\}/);
  });

  it("does not count a node with fewer, or one that is not Ready", async () => {
    const { code, err } = await wait("gpu 2 8 gpu=yes", ["n1 True 7\nn2 False 8"]);
    assert.equal(code, 3);
    assert.match(err, /0 of 2 nodes have 8 GPUs each; not yet: n1 \(7 GPUs\), n2 \(8 GPUs, not Ready\)/);
  });

  it("shows the operand that fails, with the end of its log, once it gives up", async () => {
    const pods =
      "driver-x n1 Running false,CrashLoopBackOff;\nplugin-y n1 Running true,;\ncuda-validator n1 Succeeded false,;";
    const { code, err } = await wait("gpu 1 1 gpu=yes", ["n1 True "], pods);
    assert.equal(code, 3);
    assert.match(err, /the GPUs are not there after 20 s\n +checked: +my\\\.org\/gpu/);
    assert.match(err, /pod gpu-operator\/driver-x on n1: Running +CrashLoopBackOff\n +error: no such device/);
    assert.doesNotMatch(err, /plugin-y|cuda-validator/);
  });

  it("says that there are no such nodes", async () => {
    const { code, err } = await wait("gpu 1 1 gpu=yes", [""]);
    assert.equal(code, 3);
    assert.match(err, /0 of 1 nodes have 1 GPUs each; not yet: nodes with these labels/);
  });
});
