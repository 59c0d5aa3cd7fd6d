import type * as k8s from "@pulumi/kubernetes";
import type { ChartPlan } from "../../plan/stages/charts";

type ChartArgs = Pick<k8s.helm.v3.ReleaseArgs, "chart" | "version" | "repositoryOpts">;

/** Where a chart comes from, as a Release takes it. */
export const chartArgs = ({ chart, repository, version }: ChartPlan): ChartArgs => ({
  chart,
  ...(version === undefined ? {} : { version }),
  ...(repository === undefined ? {} : { repositoryOpts: { repo: repository } }),
});
