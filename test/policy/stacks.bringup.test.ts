import * as command from "@pulumi/command";
import assert from "node:assert/strict";
import { stackProgram } from "../../stackProgram";
import { bringUpPlan, goodLocal } from "../config/badStacks";
import { findEngine } from "../engine/harness";
import { homelab, rented } from "../program/homelab";
import { previewWithPack } from "./preview";

const stacks = [
  ["homelab", homelab, ["command", "kubernetes", "proxmoxve"]],
  ["a100", () => rented("a100"), ["command", "kubernetes"]],
  ["qwen3-235b", () => rented("qwen3-235b"), ["command", "kubernetes"]],
  ["local", () => goodLocal, ["command"]],
] as const;

/** What the plan says that the rules cannot see: GPUs of the models, and pools whose VMs hold data. */
function told(values: Readonly<Record<string, unknown>>): Record<string, object> {
  const plan = bringUpPlan(values);
  if (plan.platform === "local") return {};
  const gpus = plan.serving.models.reduce((sum, { ranks }) => sum + ranks.length, 0);
  const pools = plan.platform === "proxmox" ? plan.fleet.protectedPools : [];
  return { "gpu-requests": { gpus }, "stateful-protected": { pools } };
}

const program = () => Promise.resolve({ ...stackProgram() });

describe("the policy pack on the real engine", function () {
  this.timeout(31 * 60_000);

  for (const [stack, values, plugins] of stacks)
    it(`finds nothing in stack ${stack}`, async () => {
      const report = await previewWithPack(await findEngine(...plugins), stack, values(), program, told(values()));
      assert.deepEqual([report.violations, report.refusal], [[], undefined]);
      assert.ok(report.resources > 2, `${report.resources} resources`);
    });

  it("stops a stack whose GPUs are not the plan's", async () => {
    const engine = await findEngine("command", "kubernetes");
    const report = await previewWithPack(engine, "a100", rented("a100"), program, { "gpu-requests": { gpus: 3 } });
    assert.deepEqual(report.violations, [
      "gpu-requests: served-service: its pods ask for 2 GPUs, and the plan gave it 3",
    ]);
    assert.match(report.refusal ?? "", /preview failed/);
  });

  it("stops a host that anybody could answer for, and shows no secret", async () => {
    const open = () => {
      const connection = { host: "192.0.2.1", privateKey: "CANARY" };
      new command.remote.Command("open", { create: "true", connection });
      return Promise.resolve({});
    };
    const report = await previewWithPack(await findEngine("command"), "dev", {}, open);
    assert.deepEqual(report.violations, [
      "ssh-host-keys: open: connection.hostKey is not set: anybody could answer in the host's place",
    ]);
    assert.ok(report.refusal !== undefined && !report.refusal.includes("CANARY"));
  });
});
