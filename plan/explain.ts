/** Prints a plan for people. */
import { bytes, formatBytes, formatSeconds, mib, mibToBytes, seconds } from "../catalog/units";
import { explainCluster, type ExplainOptions } from "./explain/serving";
import { viewOfPlan } from "./explain/view";
import type { GatewayPlan, LocalPlan, LocalStackPlan, ModelPlan, Plan } from "./types";

type Row = readonly [label: string, value: string];

const localRows = (local: LocalPlan): Row[] => [
  [
    "runs on",
    local.gpu === undefined
      ? "CPU"
      : `${local.gpu.name} (GPU ${local.gpu.index}, ${formatBytes(mibToBytes(mib(local.gpu.memoryMib)))})`,
  ],
  ["threads", String(local.ray.ompThreads)],
  ["files", local.paths.run],
  [
    "ports",
    Object.entries(local.ports)
      .map(([role, port]) => `${role} ${port}`)
      .join(", "),
  ],
];

const modelRows = (model: ModelPlan): Row[] => [
  ["model", `${model.name} (${model.source}${model.revision === undefined ? "" : ` at ${model.revision}`})`],
  ["context", `${model.maxModelLen} tokens`],
  ["at once", `${model.maxNumSeqs} requests`],
  [
    "KV cache",
    model.kvCacheExact
      ? `${model.kvCacheGib} GiB`
      : `at least ${model.kvCacheGib} GiB (what is left of ${Math.round((model.gpuMemoryUtilization ?? 1) * 100)} % of the GPU)`,
  ],
  ...(model.toolParser === undefined ? [] : [["tool calls", `parser ${model.toolParser}`] as const]),
  ...(model.reasoningParser === undefined ? [] : [["reasoning", `parser ${model.reasoningParser}`] as const]),
];

const gatewayRows = ({ issuer, lifetimeSeconds, limits, corsOrigins }: GatewayPlan): Row[] => [
  ["gateway", issuer],
  ["token life", formatSeconds(seconds(lifetimeSeconds))],
  ["per user", `${limits.requestsPerMinute} requests a minute, ${limits.concurrencyPerSubject} at once`],
  ["per request", `${limits.maxTokens} tokens, ${limits.n} answers, ${formatBytes(bytes(limits.bodyBytes))} of body`],
  ...(corsOrigins.length === 0 ? [] : [["web origins", corsOrigins.join(", ")] as const]),
];

function explainLocal(plan: LocalStackPlan): string {
  const rows: Row[] = [
    ["stack", `${plan.stack} (${plan.platform})`],
    ...localRows(plan.local),
    ...plan.models.flatMap(modelRows),
    ...gatewayRows(plan.gateway),
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  const table = rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`);
  return [...table, ...plan.warnings.map((warning) => `warning: ${warning}`)].join("\n");
}

/** The plan as text with its warnings: no trailing spaces, ends without a line break. */
export function explainPlan(plan: Plan, how: ExplainOptions = {}): string {
  return plan.platform === "local" ? explainLocal(plan) : explainCluster(viewOfPlan(plan), how);
}
