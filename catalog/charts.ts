/** Every Helm chart that Tokenrack installs, and where it comes from. */
import { versions } from "./versions";

/** One chart. */
export interface ChartRow {
  /** Name in the repository. */
  readonly chart: string;
  readonly repository: string;
  readonly version: string;
  readonly source: string;
}

/** Charts by the name that `charts.<name>` overrides. */
export const charts = {
  gpuOperator: {
    chart: "gpu-operator",
    repository: "https://helm.ngc.nvidia.com/nvidia",
    version: versions.gpuOperator,
    source: "https://github.com/NVIDIA/gpu-operator/tree/v26.7.0",
  },
  hami: {
    chart: "hami",
    repository: "https://project-hami.github.io/HAMi/",
    version: versions.hami,
    source: "https://github.com/Project-HAMi/HAMi/tree/v2.10.0",
  },
  kubeRay: {
    chart: "kuberay-operator",
    repository: "https://ray-project.github.io/kuberay-helm/",
    version: versions.kubeRay,
    source: "https://github.com/ray-project/kuberay/tree/v1.6.2/helm-chart/kuberay-operator",
  },
  openWebUi: {
    chart: "open-webui",
    repository: "https://helm.openwebui.com/",
    version: versions.openWebUi,
    source: "https://github.com/open-webui/helm-charts/tree/main/charts/open-webui",
  },
} as const satisfies Readonly<Record<string, ChartRow>>;

/** Name of a chart of ours. */
export type ChartName = keyof typeof charts;
/** Every name. */
export const chartNames = Object.keys(charts) as [ChartName, ...ChartName[]];
