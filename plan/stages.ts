/** Stages 4 to 10 on any cluster: the door of `stages/`. */
import { planArrows, type ArrowsPlan } from "./stages/arrows";
import { planChat, type ChatPlan } from "./stages/chat";
import { planClusterGateway, type GatewayPlan } from "./stages/gateway";
import { planGpuStack, type GpuStackPlan } from "./stages/gpuStack";
import { imageWarnings, planImages, type ImagesPlan } from "./stages/images";
import { planKubeRay, type KubeRayPlan } from "./stages/kubeRay";
import { planModelStore, storeOf, type ModelStorePlan } from "./stages/modelStore";
import { planMonitoring, type MonitoringPlan } from "./stages/monitoring";
import { planServed, type ServedPlan } from "./stages/served";
import type { Staged, StageInput } from "./stages/types";

/** What follows the cluster, in the order in which it is brought up. */
export interface StagesPlan {
  readonly images: ImagesPlan;
  /** Who may talk to whom, in the namespaces of ours. */
  readonly arrows: ArrowsPlan;
  readonly gpuStack: GpuStackPlan;
  readonly kubeRay: KubeRayPlan;
  readonly modelStore: ModelStorePlan;
  readonly served: ServedPlan;
  readonly gateway: GatewayPlan;
  /** Absent without a page. */
  readonly chat?: ChatPlan;
  /** Absent where nobody scrapes. */
  readonly monitoring?: MonitoringPlan;
}

/** Plans all stages, and tells the faults of all. */
export function planStages(input: StageInput): Staged<StagesPlan> {
  const images = planImages(input.profile);
  const gpuStack = planGpuStack(input);
  const modelStore = planModelStore(input, images);
  const { runtimeClass, hami, resource } = gpuStack.plan;
  const gpu = {
    resource,
    ...(runtimeClass === undefined ? {} : { runtimeClass }),
    // By name: its webhook would choose it as well, but lets pods through when it cannot be asked.
    ...(hami === undefined ? {} : { scheduler: "hami-scheduler" }),
  };
  const store = storeOf(modelStore.plan);
  const served = planServed({ ...input, gpu }, images, store);
  const gateway = planClusterGateway(input, images, served.plan);
  const chat = planChat(input, images);
  const monitoring = planMonitoring(input, gpuStack.plan);
  const all: readonly Staged<unknown>[] = [gpuStack, modelStore, served, gateway, chat, monitoring];
  return {
    plan: {
      images,
      arrows: planArrows(input, modelStore.plan.egress),
      gpuStack: gpuStack.plan,
      kubeRay: planKubeRay(input, images),
      modelStore: modelStore.plan,
      served: served.plan,
      gateway: gateway.plan,
      ...(chat.plan === undefined ? {} : { chat: chat.plan }),
      ...(monitoring.plan === undefined ? {} : { monitoring: monitoring.plan }),
    },
    faults: all.flatMap(({ faults }) => faults),
    unmet: all.flatMap(({ unmet = [] }) => unmet),
    warnings: [
      ...all.flatMap(({ warnings }) => warnings),
      ...served.plan.notes,
      ...imageWarnings(images, input.profile),
    ],
  };
}
