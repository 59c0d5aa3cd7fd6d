/** Grafana's JSON, as far as our dashboards need it. @see https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/ */
import { sortKeys, type JsonObject } from "../../text";

/** One curve, or one for each value of some labels. */
export interface Curve {
  /** PromQL; `$__rate_interval` is at least four scrapes. */
  readonly expr: string;
  /** Its name, with labels as `{{model_name}}`. */
  readonly legend: string;
}

/** One panel: curves over time. */
export interface Panel {
  readonly title: string;
  /** What it says, and when that is bad. */
  readonly description: string;
  /** Grafana's name of the unit. @see https://github.com/grafana/grafana/blob/main/packages/grafana-data/src/valueFormats/categories.ts */
  readonly unit: string;
  readonly curves: readonly Curve[];
  /** Largest value that there is. @default what the curves have */
  readonly max?: number;
}

/** One dashboard. */
export interface Dashboard {
  /** Part of its address; stays. */
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  /** Variables besides the data source: the values of a label. */
  readonly variables: readonly { readonly name: string; readonly label: string; readonly metric: string }[];
}

/** Grafana's grid has 24 columns; two panels side by side. */
const width = 12;
const height = 8;

/** The data source is the reader's choice. Deckhouse's own dashboards call it so, too. */
const datasource = { type: "prometheus", uid: "${ds_prometheus}" } as const;

function renderPanel({ title, description, unit, curves, max }: Panel, index: number): JsonObject {
  return {
    id: index + 1,
    type: "timeseries",
    title,
    description,
    datasource,
    gridPos: { x: (index % 2) * width, y: Math.floor(index / 2) * height, w: width, h: height },
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        ...(max === undefined ? {} : { max }),
        custom: { fillOpacity: 10, showPoints: "never" },
      },
      overrides: [],
    },
    options: {
      legend: { displayMode: "list", placement: "bottom", showLegend: true },
      tooltip: { mode: "multi", sort: "desc" },
    },
    targets: curves.map(({ expr, legend }, at) => ({
      refId: String.fromCharCode("A".charCodeAt(0) + at),
      datasource,
      expr,
      legendFormat: legend,
      range: true,
    })),
  };
}

const dataSourceVariable = {
  name: "ds_prometheus",
  label: "Prometheus",
  type: "datasource",
  query: "prometheus",
  current: {},
  hide: 0,
  refresh: 1,
} as const;

const variable = ({ name, label, metric }: Dashboard["variables"][number]): JsonObject => ({
  name: label,
  label: name,
  type: "query",
  datasource,
  definition: `label_values(${metric}, ${label})`,
  query: { query: `label_values(${metric}, ${label})`, refId: name },
  includeAll: true,
  multi: true,
  allValue: ".*",
  current: { text: "All", value: "$__all" },
  hide: 0,
  // When the time range changes: models come and go.
  refresh: 2,
  sort: 1,
});

/** A dashboard as Grafana's JSON model. */
export const renderDashboard = ({ uid, title, panels, variables }: Dashboard): JsonObject =>
  sortKeys({
    uid,
    title,
    tags: ["tokenrack"],
    schemaVersion: 39,
    version: 1,
    editable: false,
    graphTooltip: 1,
    timezone: "browser",
    refresh: "30s",
    time: { from: "now-3h", to: "now" },
    annotations: { list: [] },
    links: [],
    templating: { list: [dataSourceVariable, ...variables.map(variable)] },
    panels: panels.map(renderPanel),
  });
