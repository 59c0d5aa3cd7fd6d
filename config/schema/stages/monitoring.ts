/** `monitoring`: who scrapes metrics, and what they are told. */
import * as z from "zod";
import { text, whole, word } from "../values";

const labelKey = /^(?:[a-z0-9.-]{1,253}\/)?[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/;
const labels = () =>
  z.record(
    text(labelKey, "the key of a label"),
    text(/^(?:[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?)?$/, 'the value of a label, in quotes, like "true"'),
    { error: "a map of labels" },
  );

/** `monitoring.thresholds`: when an alert fires. */
const thresholdsSchema = z.strictObject(
  {
    /** Percent of a model's KV cache in use for 10 minutes (50 to 100). @default 95 */
    kvCachePercent: whole(50, 100, "percent").default(95),
    /** Requests that wait for a model for 10 minutes (1 to 10000). @default 16 */
    waitingRequests: whole(1, 10_000, "requests").default(16),
    /** Minutes in which a model has requests and generates nothing (2 to 60). @default 5 */
    stalledMinutes: whole(2, 60, "minutes").default(5),
    /** Days that a certificate has left (1 to 60). @default 14 */
    certificateDays: whole(1, 60, "days").default(14),
    /** Percent of a volume in use (50 to 99). @default 90 */
    volumePercent: whole(50, 99, "percent").default(90),
    /** Requests in 10 minutes that were refused to one subject because its quota was used up (1 to 10000). @default 50 */
    quotaRefusals: whole(1, 10_000, "requests").default(50),
    /** Temperature of a GPU in degrees Celsius for 10 minutes (50 to 110). @default 87 */
    gpuCelsius: whole(50, 110, "degrees Celsius").default(87),
  },
  { error: "a group of keys, such as `certificateDays: 14`" },
);

/** `monitoring`: who scrapes metrics, and what they are told. */
export const monitoringSchema = z.strictObject(
  {
    /** Who scrapes: Prometheus Operator's monitors, Deckhouse's, or nobody. @default Deckhouse's on Proxmox, else "none" */
    kind: word(["none", "prometheusOperator", "deckhouse"]).optional(),
    /** Labels by which Prometheus chooses monitors and rules, such as `release: kube-prometheus-stack`. @default none, or Deckhouse's */
    labels: labels().default({}),
    /** Labels of the namespace that they are in, where Prometheus chooses by them. @default none, or Deckhouse's */
    namespaceLabels: labels().default({}),
    /** Labels by which Grafana's sidecar finds dashboards. @default `grafana_dashboard: "1"`, that of its chart */
    dashboardLabels: labels().default({ grafana_dashboard: "1" }),
    thresholds: thresholdsSchema.prefault({}),
  },
  { error: "a group of keys, such as `kind: prometheusOperator`" },
);

/** `monitoring`, with every default filled in. */
export type MonitoringProfile = z.output<typeof monitoringSchema>;

export const monitoringKeys = { monitoring: monitoringSchema.prefault({}) } as const;
