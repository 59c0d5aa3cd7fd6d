import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parseProfile } from "../../config/parse";
import { makePlan, type Plan } from "../../plan/plan";
import { program } from "../../program";
import { existingCluster } from "../../program/existing";
import { changed, proxmoxSecrets, secrets as commonSecrets } from "../config/stacks";
import { homelab, kubeconfig, rented } from "../program/homelab";
import { Place } from "../support/fixtures";
import { findEngine, TestProject, type Engine } from "./harness";

/** Public keys of a stack: what a Profile is made of. */
function planOf(stack: Record<string, unknown>): Plan {
  const secretNames = [...Object.keys(proxmoxSecrets), "kubeconfig", "cephKeys"];
  const open = Object.fromEntries(Object.entries(stack).filter(([key]) => !secretNames.includes(key)));
  return makePlan(parseProfile(open, { stack: "dev" }), { modelConfigs: {} });
}

/** Secrets as the configuration hands them on; made inside a program, as outputs belong to one run. */
const wrapped = <T extends object>(plain: T): { readonly [K in keyof T]: pulumi.Output<string> } =>
  Object.fromEntries(Object.entries(plain).map(([key, value]) => [key, pulumi.secret(String(value))])) as {
    readonly [K in keyof T]: pulumi.Output<string>;
  };

/** The golden list of test/program, and the stack itself. */
const goldenCount = (stack: string): number =>
  readFileSync(join(__dirname, "../program/golden", `${stack}.urns.txt`), "utf8")
    .trim()
    .split("\n").length + 1;

/** The engine is real; it is asked what it would do, which touches no host and asks no Proxmox. */
describe("the program of a cluster on the real engine", function () {
  this.timeout(120_000);
  let engine: Engine;
  let project: TestProject;

  before(async function () {
    this.timeout(31 * 60_000);
    engine = await findEngine("command", "proxmoxve", "kubernetes");
  });
  beforeEach(() => (project = new TestProject(engine)));
  afterEach(() => project.remove());

  it("previews the whole homelab without a single request: nothing listens at its addresses", async () => {
    const plan = planOf(changed(homelab(), "platform.endpoint", "https://127.0.0.1:9"));
    const stack = await project.open(() =>
      Promise.resolve({ ...program(plan, wrapped({ ...proxmoxSecrets, cephKeys: String(homelab()["cephKeys"]) })) }),
    );
    assert.deepEqual(await stack.preview(), {
      same: 0,
      create: goldenCount("homelab"),
      update: 0,
      replace: 0,
      delete: 0,
    });
  });

  for (const name of ["a100", "qwen3-235b"])
    it(`previews the whole of ${name}, whose cluster nothing can reach`, async () => {
      const plan = planOf(rented(name));
      const all = { ...commonSecrets, kubeconfig };
      const stack = await project.open(() => Promise.resolve({ ...program(plan, wrapped(all)) }));
      assert.deepEqual(await stack.preview(), { same: 0, create: goldenCount(name), update: 0, replace: 0, delete: 0 });
    });

  it("checks the cluster of a100, hands its kubeconfig on, and then has nothing to do", async () => {
    const place = new Place();
    after(() => place.remove());
    place.program(
      "bin/kubectl",
      `case "$*" in
*/readyz*) echo ok ;;
*/version*) echo '{"gitVersion": "v1.34.2"}' ;;
*"get nodes -l nvidia.com/gpu.present=true"*) printf '%s\\n' 'n1 True 1' 'n2 True 1' ;;
*) exit 8 ;;
esac`,
    );
    const env = { ...process.env, PATH: `${place.path("bin")}:${process.env["PATH"] ?? ""}` };
    const plan = planOf(rented("a100"));
    assert.ok(plan.platform === "existing");
    const run = () => Promise.resolve({ ...existingCluster(plan, wrapped({ kubeconfig })).outputs });
    const stack = await project.open(run, { env });
    await stack.up();
    assert.deepEqual(await stack.outputs(), {
      models: ["deepseek-r1-70b"],
      kubeconfig,
      ready: '{"gpu":2}',
    });
    assert.doesNotMatch(project.stateText("backend"), /CANARY/);
    assert.deepEqual(await stack.up(), { same: 3, create: 0, update: 0, replace: 0, delete: 0 });
  });
});
