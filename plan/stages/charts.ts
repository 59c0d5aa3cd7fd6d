/** Which chart each release installs: the stack's own, or the catalogue's. */
import { charts, type ChartName } from "../../catalog/charts";
import type { StageProfile } from "../../config/schema";

/** A chart as Helm takes it. */
export interface ChartPlan {
  /** A name in `repository`, an `oci://` address, or a local directory or .tgz. */
  readonly chart: string;
  readonly repository?: string;
  /** Absent for a local chart, which is what it is. */
  readonly version?: string;
}

/** What names the place of a chart by itself, without a repository. */
const isPlace = (chart: string): boolean => /^(?:oci:\/\/|\.{0,2}\/)/.test(chart) || chart.endsWith(".tgz");
const isLocal = (chart: string): boolean => isPlace(chart) && !chart.startsWith("oci://");

/** The chart of that name; what the stack says wins, field by field. */
export function planChart({ charts: own }: StageProfile, name: ChartName): ChartPlan {
  const row = charts[name];
  const { chart = row.chart, repository = row.repository, version = row.version } = own[name] ?? {};
  return {
    chart,
    ...(isPlace(chart) ? {} : { repository }),
    ...(isLocal(chart) ? {} : { version }),
  };
}
