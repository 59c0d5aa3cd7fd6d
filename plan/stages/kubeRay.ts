/** Stage 5: KubeRay's operator, which makes Ray clusters out of RayServices. */
import { planChart, type ChartPlan } from "./charts";
import { imageParts, planPull, type ImagesPlan, type PullPlan } from "./images";
import { namespaces } from "./names";
import { onSystem } from "./scheduling";
import type { Scheduling, StageInput } from "./types";

/** How KubeRay's operator is installed. */
export interface KubeRayPlan extends PullPlan {
  readonly chart: ChartPlan;
  /** The chart wants them apart. `images.kubeRay` with a digest has it after the tag. */
  readonly image: { readonly repository: string; readonly tag: string };
  readonly namespace: string;
  /** It looks at RayServices here and nowhere else. */
  readonly watchNamespace: string;
  readonly scheduling: Scheduling;
  /** Its own limit of memory in MiB. @see planKubeRay */
  readonly memoryMib: number;
}

/** The chart's default of 512 MiB is for some 500 Ray pods, and its 100m of CPU delay every reconciliation. @see values.yaml of the chart */
const memoryMib = 512;

/** Plans KubeRay's operator. */
export const planKubeRay = ({ profile, pools }: StageInput, images: ImagesPlan): KubeRayPlan => ({
  chart: planChart(profile, "kubeRay"),
  image: imageParts(images.kubeRay),
  ...planPull(profile),
  namespace: namespaces.kubeRay,
  watchNamespace: profile.serving.namespace,
  scheduling: onSystem(pools),
  memoryMib,
});
