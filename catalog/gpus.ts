/** The GPUs this project plans for, and how to find one by whatever name a person gives it. */
import { datacentre } from "./cards/datacentre";
import { geforce } from "./cards/geforce";
import type { GpuModel } from "./cards/gpuModel";

export type { GpuModel, PciId } from "./cards/gpuModel";

/** Every GPU we know, sorted by id. */
export const gpuModels: readonly GpuModel[] = [...geforce, ...datacentre].sort((a, b) => (a.id < b.id ? -1 : 1));

/** Letters and digits only, in lower case, so that "RTX 3090", "rtx-3090" and "RTX3090" are one name. */
const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");

const byName: ReadonlyMap<string, GpuModel> = new Map(
  gpuModels.flatMap((gpu) => [gpu.id, gpu.name, ...gpu.aliases].map((name) => [plain(name), gpu] as const)),
);

/** The GPU of that name or alias ("3090", "rtx3090", "A100-80G"); undefined when nobody knows it. */
export const gpuModel = (name: string): GpuModel | undefined => byName.get(plain(name));
