/** Dashboard of the gateway: who uses what. */
import type { Dashboard } from "./panels";

const subjects = 'subject=~"$subject"';
const perMinute = (labels: string, metric: string, matchers: string): string =>
  `60 * sum by (${labels}) (rate(${metric}{${matchers}}[$__rate_interval]))`;
const bySecond = (labels: string, metric: string): string => `sum by (${labels}) (rate(${metric}[$__rate_interval]))`;
const p95 = (metric: string): string => `histogram_quantile(0.95, ${bySecond("route, le", `${metric}_bucket`)})`;

/** Requests, tokens and refusals by subject. */
export const gateway: Dashboard = {
  uid: "tokenrack-gateway",
  title: "Tokenrack: gateway",
  variables: [{ name: "Subject", label: "subject", metric: "tokenrack_gateway_subject_requests_total" }],
  panels: [
    {
      title: "Tokens a minute by subject",
      description: "Prompt and completion, as the engine counted them: what quotas count.",
      unit: "short",
      curves: [
        {
          expr: perMinute("subject", "tokenrack_gateway_subject_tokens_total", subjects),
          legend: "{{subject}}",
        },
      ],
    },
    {
      title: "Requests a minute by subject",
      description: "Those that an engine took.",
      unit: "short",
      curves: [
        {
          expr: perMinute("subject, model", "tokenrack_gateway_subject_requests_total", subjects),
          legend: "{{subject}} {{model}}",
        },
      ],
    },
    {
      title: "Refused by quota",
      description: "Requests a minute that found a quota used up.",
      unit: "short",
      curves: [
        {
          expr: perMinute("subject, kind", "tokenrack_gateway_quota_refusals_total", subjects),
          legend: "{{subject}} {{kind}}",
        },
      ],
    },
    {
      title: "Refused by the gateway",
      description: "Requests a second that it did not let in, by why.",
      unit: "reqps",
      curves: [{ expr: bySecond("code", "tokenrack_gateway_refusals_total"), legend: "{{code}}" }],
    },
    {
      title: "Answers by status",
      description: "All routes.",
      unit: "reqps",
      curves: [{ expr: bySecond("status", "tokenrack_gateway_requests_total"), legend: "{{status}}" }],
    },
    {
      title: "Tokens a second by model",
      description: "Through the gateway.",
      unit: "short",
      curves: [{ expr: bySecond("model, kind", "tokenrack_gateway_tokens_total"), legend: "{{model}} {{kind}}" }],
    },
    {
      title: "Time of requests, p95",
      description: "To the engine's first header, and to the end of the answer.",
      unit: "s",
      curves: [
        { expr: p95("tokenrack_gateway_upstream_headers_seconds"), legend: "{{route}} first header" },
        { expr: p95("tokenrack_gateway_request_seconds"), legend: "{{route}} whole" },
      ],
    },
    {
      title: "Open requests",
      description: "Of each replica.",
      unit: "short",
      curves: [{ expr: "sum by (pod) (tokenrack_gateway_in_flight)", legend: "{{pod}}" }],
    },
  ],
};
