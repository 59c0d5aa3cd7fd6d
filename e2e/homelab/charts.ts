/** The charts that stand in, whole: what of them is somebody else's comes out of Go modules. */
import { cpSync, copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { moduleDirectory } from "../support/definitions";

const source = join(__dirname, "..", "charts");
const operator = "github.com/ray-project/kuberay/ray-operator";
const definitions = ["rayclusters", "rayjobs", "rayservices", "raycronjobs"];

/** Writes them below `directory`. @returns their paths @throws Error when a module cannot be had */
export async function writeCharts(
  directory: string,
): Promise<{ readonly gpuOperator: string; readonly kubeRay: string }> {
  const [gpuOperator, kubeRay] = [join(directory, "gpu-operator"), join(directory, "kuberay-operator")];
  cpSync(join(source, "gpu-operator"), gpuOperator, { recursive: true });
  cpSync(join(source, "kuberay-operator"), kubeRay, { recursive: true });
  const module = await moduleDirectory("kuberay", operator);
  for (const folder of ["crds", "files"]) mkdirSync(join(kubeRay, folder), { recursive: true });
  for (const name of definitions) {
    const file = `ray.io_${name}.yaml`;
    copyFileSync(join(module, "config", "crd", "bases", file), join(kubeRay, "crds", file));
  }
  copyFileSync(join(module, "config", "rbac", "role.yaml"), join(kubeRay, "files", "role.yaml"));
  return { gpuOperator, kubeRay };
}
