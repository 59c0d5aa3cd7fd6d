import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { versions } from "../../../catalog/versions";
import { Metrics } from "../../../gateway/metrics";
import { planGpuStack } from "../../../plan/stages/gpuStack";
import { planMonitoring, type MonitoringPlan } from "../../../plan/stages/monitoring";
import type { StageInput } from "../../../plan/stages/types";
import { renderDashboard } from "../../../render/stages/dashboards/panels";
import { ruleGroups } from "../../../render/stages/monitoring/alerts";
import {
  dashboards,
  monitoringDefinitions,
  monitoringNamespace,
  monitoringObjects,
} from "../../../render/stages/monitoring/objects";
import { podMonitors } from "../../../render/stages/monitoring/monitors";
import { existing } from "../../config/stacks";
import { committedInput, stageInput } from "../../plan/stages/cases";
import { assertGolden } from "./golden";
import { groupedBy, selectorsOf } from "./promql";

type Labels = Readonly<Record<string, readonly string[]>>;

/** Labels by metric, of one exporter, with what is known of them. */
interface Source {
  readonly source: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly metrics: Labels;
}

const fixture = JSON.parse(readFileSync(join(__dirname, "metrics.fixture.json"), "utf8")) as Readonly<
  Record<string, Source>
>;

const planned = (input: StageInput): MonitoringPlan => {
  const { plan } = planMonitoring(input, planGpuStack(input).plan);
  assert.ok(plan !== undefined);
  return plan;
};
const homelab = planned(committedInput("homelab"));
const given = planned(
  stageInput({ ...existing, monitoring: { kind: "prometheusOperator", labels: { release: "kps" } } }),
);

/** What our gateway tells once everything that it counts has happened. */
async function gatewayMetrics(): Promise<Labels> {
  const metrics = new Metrics(() => 1, 10);
  const usage = { promptTokens: 1, completionTokens: 1 };
  metrics.countAnswer("/v1", 200, 1);
  metrics.observeFirstByte("/v1", 1);
  metrics.countRefusal("code");
  metrics.countTokens("m", usage);
  metrics.countReload("users", "ok");
  metrics.noteStore(true);
  metrics.subjects.countRequest("s", "m");
  metrics.subjects.countTokens("s", "m", usage);
  metrics.subjects.countRefusal("s", "tokens");
  const series = [...(await metrics.text()).matchAll(/^(\w+)(?:\{([^}]*)\})? /gm)];
  return Object.fromEntries(
    series.map(([, metric = "", inner = ""]) => [metric, [...inner.matchAll(/(\w+)="/g)].map(([, one = ""]) => one)]),
  );
}

/** Labels that Prometheus gives every series of a scraped pod. */
const ofTargets = ["namespace", "pod", "container", "job", "instance", "endpoint"];

const expressionsOf = (plan: MonitoringPlan): readonly string[] => [
  ...ruleGroups(plan).flatMap((group) => {
    const rules = group["rules"] as readonly { readonly expr: string }[];
    return rules.map(({ expr }) => expr);
  }),
  ...dashboards.flatMap(({ panels, variables }) => [
    ...panels.flatMap(({ curves }) => curves.map(({ expr }) => expr)),
    ...variables.map(({ metric, label }) => `${metric}{${label}="x"}`),
  ]),
];

describe("kinds that monitoring needs", () => {
  it("are those of its objects", () => {
    const operator = ["podmonitors.monitoring.coreos.com", "prometheusrules.monitoring.coreos.com"];
    assert.deepEqual(monitoringDefinitions(given), operator);
    assert.deepEqual(monitoringDefinitions(homelab), [
      "customprometheusrules.deckhouse.io",
      "grafanadashboarddefinitions.deckhouse.io",
      "podmonitors.monitoring.coreos.com",
    ]);
  });
});

describe("metrics in alerts and dashboards", () => {
  let known: Labels = {};
  before(async () => {
    const scraped = Object.values(fixture).map(({ metrics }) => metrics);
    known = Object.assign({}, ...scraped, await gatewayMetrics()) as Labels;
  });
  /** Of a metric, with those of the histogram that it is a part of. */
  const labelsOf = (metric: string): readonly string[] | undefined => {
    const whole = known[metric.replace(/_(?:bucket|sum|count)$/, "")];
    return known[metric] ?? (whole === undefined ? undefined : [...whole, "le"]);
  };

  it("are all exported by what runs here, with the labels that they are chosen by", () => {
    for (const expr of [...expressionsOf(homelab), ...expressionsOf(given)]) {
      const selectors = selectorsOf(expr);
      assert.ok(selectors.length > 0, expr);
      for (const { metric, labels } of selectors) {
        const exported = labelsOf(metric);
        assert.ok(exported !== undefined, `${metric} is exported by nobody: ${expr}`);
        for (const label of labels)
          assert.ok(
            [...exported, ...ofTargets, "exported_namespace"].includes(label),
            `${metric} has no ${label}: ${expr}`,
          );
      }
    }
  });

  it("are grouped and joined by labels that they have", () => {
    for (const expr of [...expressionsOf(homelab), ...expressionsOf(given)]) {
      const made = /label_replace\([^]*?, "(\w+)"/.exec(expr)?.[1] ?? "";
      const exported = selectorsOf(expr).flatMap(({ metric }) => labelsOf(metric) ?? []);
      for (const label of groupedBy(expr))
        assert.ok([...exported, ...ofTargets, made].includes(label), `nothing has ${label}: ${expr}`);
    }
  });

  it("were scraped from the versions that are deployed", () => {
    assert.deepEqual(fixture["ray"]?.versions, { ray: versions.ray, vllm: versions.vllm });
  });
});

describe("alerts", () => {
  it("of the homelab are as they were", () => {
    assertGolden("alerts.homelab.yaml", ruleGroups(homelab));
  });

  it("take the stack's own bounds", () => {
    const thresholds = { kvCachePercent: 80, stalledMinutes: 9 };
    const own = planned(stageInput({ ...existing, monitoring: { kind: "prometheusOperator", thresholds } }));
    const text = JSON.stringify(ruleGroups(own));
    assert.match(text, /ray_vllm_kv_cache_usage_perc\{[^}]*\}\) \* 100 > 80/);
    assert.match(text, /\[9m\]/);
    assert.doesNotMatch(JSON.stringify(ruleGroups(given)), /severity_level|\[9m\]/);
  });

  it("have a name each, and words for whoever is woken", () => {
    const rules = ruleGroups(homelab).flatMap((group) => group["rules"] as readonly Record<string, unknown>[]);
    const names = rules.map(({ alert }) => String(alert));
    assert.equal(new Set(names).size, names.length);
    for (const { annotations } of rules)
      for (const text of Object.values(annotations as object)) assert.ok(String(text).length > 10);
  });
});

describe("what is scraped", () => {
  it("is every pod that has metrics, by the labels that a Prometheus chooses monitors by", () => {
    assertGolden("podMonitors.homelab.yaml", podMonitors(homelab));
    assert.deepEqual(
      podMonitors(given).map(({ metadata }) => metadata.name),
      ["ray", "gateway", "kuberay", "gpus"],
    );
    assert.equal(podMonitors(given)[0]?.metadata.labels?.["release"], "kps");
  });

  it("is said in a namespace that a Prometheus looks at, and that nothing runs in", () => {
    const { labels } = monitoringNamespace(homelab).metadata;
    assert.equal(labels?.["prometheus.deckhouse.io/monitor-watcher-enabled"], "true");
    assert.equal(labels["pod-security.kubernetes.io/enforce"], "restricted");
  });
});

describe("objects of monitoring", () => {
  it("are Deckhouse's kinds there, and Prometheus Operator's with Grafana's sidecar elsewhere", () => {
    const kinds = (plan: MonitoringPlan): readonly string[] =>
      monitoringObjects(plan).map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? "-"}/${metadata.name}`);
    assert.deepEqual(kinds(homelab), [
      ...["ray", "gateway", "kuberay", "gpus"].map((one) => `PodMonitor tokenrack-monitoring/${one}`),
      "CustomPrometheusRules -/tokenrack",
      ...dashboards.map(({ uid }) => `GrafanaDashboardDefinition -/${uid}`),
    ]);
    assert.deepEqual(kinds(given), [
      ...["ray", "gateway", "kuberay", "gpus"].map((one) => `PodMonitor tokenrack-monitoring/${one}`),
      "PrometheusRule tokenrack-monitoring/tokenrack",
      ...dashboards.map(({ uid }) => `ConfigMap tokenrack-monitoring/${uid}`),
    ]);
    const config = monitoringObjects(given).at(-1);
    assert.equal(config?.metadata.labels?.["grafana_dashboard"], "1");
  });
});

describe("dashboards", () => {
  for (const dashboard of dashboards)
    it(`${dashboard.uid} is as it was, and has what Grafana needs of every panel`, () => {
      const rendered = renderDashboard(dashboard);
      assertGolden(`dashboards/${dashboard.uid}.yaml`, rendered);
      const panels = rendered["panels"] as readonly Record<string, unknown>[];
      const ids = panels.map(({ id }) => id);
      assert.equal(new Set(ids).size, panels.length);
      const places = panels.map(({ gridPos }) => JSON.stringify(gridPos));
      assert.equal(new Set(places).size, panels.length);
      for (const { targets, title } of panels) {
        const curves = targets as readonly {
          readonly refId: string;
          readonly legendFormat: string;
          readonly expr: string;
        }[];
        assert.equal(new Set(curves.map(({ refId }) => refId)).size, curves.length, String(title));
        // A legend names labels that the curve was grouped by, or it would be empty.
        for (const { legendFormat, expr } of curves)
          for (const [, label = ""] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
            assert.ok(groupedBy(expr).includes(label), `${legendFormat}: ${expr}`);
      }
    });
});
