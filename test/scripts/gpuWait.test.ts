import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { commandOf, stdinOf } from "../../components/deckhouse/scripts";
import { Place } from "../support/fixtures";

const canary = "CANARY-kubeconfig";

describe("gpu-wait.sh, with a made kubectl", () => {
  let place: Place;
  beforeEach(() => (place = new Place()));
  afterEach(() => place.remove());

  /** @param nodes what `kubectl get nodes -l gpu=yes` prints, the first time and from the second on; @param pods of the operands */
  const wait = async (pools: string, nodes: readonly [string, string?], pods = "") => {
    const [first, later = first] = nodes;
    place.program(
      "bin/kubectl",
      `printf '%s\\n' "$*" >>${place.path("calls")}
[ "$(cat "$2")" = ${canary} ] || exit 9
case "$*" in
*"get nodes"*"-l gpu=yes"*)
  if [ -e ${place.path("asked")} ]; then printf '%s\\n' '${later}'; exit; fi
  : >${place.path("asked")}
  printf '%s\\n' '${first}' ;;
*"get pods -n gpu-operator"*) printf '%s\\n' '${pods}' ;;
*logs*) echo "error: no such device" ;;
*) exit 8 ;;
esac`,
    );
    place.program("bin/sleep", ":");
    const settings = { pools, namespaces: "gpu-operator", wait_seconds: "20" };
    const child = spawn("/bin/sh", ["-c", commandOf("gpuWait", "wait", settings)], {
      env: { PATH: `${place.path("bin")}:/usr/bin:/bin`, TMPDIR: place.make("tmp") },
    });
    child.stdin.end(stdinOf("gpuWait", canary));
    const text = { out: "", err: "" };
    child.stdout.on("data", (part: Buffer) => (text.out += part.toString()));
    child.stderr.on("data", (part: Buffer) => (text.err += part.toString()));
    const [code] = (await once(child, "close")) as [unknown];
    assert.deepEqual(readdirSync(place.path("tmp")), []);
    assert.doesNotMatch(text.out + text.err + place.read("calls"), /CANARY/);
    return { code, ...text };
  };

  it("ends once every node of the pool has its GPUs, and says how many there are", async () => {
    const { code, out, err } = await wait("gpu 2 8 gpu=yes", ["n1 True 8\nn2 True ", "n1 True 8\nn2 True 8"]);
    assert.equal(code, 0, err);
    assert.deepEqual(JSON.parse(out), { gpu: 16 });
    assert.match(err, /^0 s: gpu: 1 of 2 nodes have 8 GPUs each; not yet: n2 \(no GPUs\)\n$/);
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
    assert.match(err, /the GPUs are not there after 20 s\n +checked: +nvidia\.com\/gpu/);
    assert.match(err, /pod gpu-operator\/driver-x on n1: Running +CrashLoopBackOff\n +error: no such device/);
    assert.doesNotMatch(err, /plugin-y|cuda-validator/);
  });

  it("says that there are no such nodes", async () => {
    const { code, err } = await wait("gpu 1 1 gpu=yes", [""]);
    assert.equal(code, 3);
    assert.match(err, /0 of 1 nodes have 1 GPUs each; not yet: nodes with these labels/);
  });
});
