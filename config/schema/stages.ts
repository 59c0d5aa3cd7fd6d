/** What comes after the cluster, the same on every cluster: one group of keys a stage, in the order of the bring-up. */
import { chatKeys } from "./stages/chat";
import { gpuStackKeys } from "./stages/gpuStack";
import { imageKeys } from "./stages/images";
import { modelStoreKeys } from "./stages/modelStore";
import { monitoringKeys } from "./stages/monitoring";
import { servingKeys } from "./stages/serving";

/** Keys of stages 4 to 10, but `ingress`, `models` and `gateway`. */
export const stageKeys = {
  ...gpuStackKeys,
  ...modelStoreKeys,
  ...servingKeys,
  ...chatKeys,
  ...monitoringKeys,
  ...imageKeys,
} as const;
