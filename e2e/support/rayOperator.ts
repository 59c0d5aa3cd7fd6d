/** KubeRay's own operator, beside a control plane: nothing runs, but it judges RayServices and makes pods of them. */
import { mkdirSync } from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { runChild } from "../../engine/child";
import { findOnPath } from "../../engine/executables";
import { failureOf } from "../../engine/toolCache";
import type { KubeRayPlan } from "../../plan/stages/kubeRay";
import { kubeRayValues } from "../../render/stages/kubeRay";
import { CACHE_DIR } from "../../test/engine/harness";
import type { ControlPlane } from "./kubeControl";

const module = "github.com/ray-project/kuberay/ray-operator";
/** 90 s on two idle cores, in ms. */
const BUILD_TIMEOUT_MS = 40 * 60_000;

/** What our values of the chart tell the operator itself. */
const valuesSchema = z.object({
  featureGates: z.array(z.object({ name: z.string(), enabled: z.boolean() })),
  env: z.array(z.object({ name: z.string(), value: z.string() })),
});

/** Go does nothing where the program is there already, of this version. @throws Error when it cannot be built */
export async function buildRayOperator(): Promise<string> {
  const go = findOnPath("go", process.env["PATH"]);
  if (go === undefined) throw new Error("no `go` on PATH (https://go.dev/doc/install)");
  const directory = path.join(CACHE_DIR, "ray-operator");
  mkdirSync(directory, { recursive: true });
  console.log("      building KubeRay's operator from its Go module (about 90 s on 2 cores, once)");
  const cwd = path.join(__dirname, "..", "..", "tools", "kuberay");
  const args = ["install", "-mod=readonly", "-trimpath", "-ldflags=-s -w", module];
  // Static: it also runs in an image, whose libraries are others.
  const env = { ...process.env, GOBIN: directory, CGO_ENABLED: "0" };
  const result = await runChild(go, args, { cwd, env, timeoutMs: BUILD_TIMEOUT_MS });
  const reason = failureOf(result, BUILD_TIMEOUT_MS);
  if (reason !== undefined) throw new Error(`${module}: ${reason}`);
  return path.join(directory, "ray-operator");
}

/** Starts it with the features and the environment that our values give it. @returns whether it still runs */
export async function startRayOperator(
  control: ControlPlane,
  plan: KubeRayPlan,
  namespaces: readonly string[],
): Promise<() => boolean> {
  const { featureGates, env } = valuesSchema.parse(kubeRayValues(plan));
  const args = [
    `--watch-namespace=${namespaces.join(",")}`,
    `--feature-gates=${featureGates.map(({ name, enabled }) => `${name}=${enabled}`).join(",")}`,
    "--use-kubernetes-proxy",
    // It would look for its own namespace, and it is in none.
    "--enable-leader-election=false",
    // By default both listen on every interface.
    "--metrics-addr=0",
    "--health-probe-bind-address=0",
  ];
  return control.runBeside(await buildRayOperator(), args, {
    ...process.env,
    ...Object.fromEntries(env.map(({ name, value }) => [name, value] as const)),
    KUBECONFIG: path.join(control.directory, "kubeconfig"),
  });
}
