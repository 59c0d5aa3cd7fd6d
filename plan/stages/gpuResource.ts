/** What a GPU is called where pods ask for it. */
import type { ClusterProfile } from "../../config/schema";

/** NVIDIA's own name, by its device plugin and by HAMi's defaults. */
export const gpuResource = "nvidia.com/gpu";

/** Under HAMi the stack may say another. */
export const gpuResourceOf = ({ mode, hamiResources }: ClusterProfile["gpu"]): string =>
  mode === "hami" ? (hamiResources?.gpu ?? gpuResource) : gpuResource;
