/** Dashboard of the engines: vLLM's own numbers as Ray exports them, prefixed with `ray_`. */
import type { Curve, Dashboard, Panel } from "./panels";

const models = 'model_name=~"$model_name"';

const rate = (metric: string, matchers = models): string => `rate(${metric}{${matchers}}[$__rate_interval])`;
const sumBy = (labels: string, inner: string): string => `sum by (${labels}) (${inner})`;

const quantile = (share: number, metric: string): Curve => ({
  expr: `histogram_quantile(${share}, ${sumBy("model_name, le", rate(`${metric}_bucket`))})`,
  legend: `{{model_name}} p${share * 100}`,
});

const quantiles = (title: string, description: string, metric: string): Panel => ({
  title,
  description,
  unit: "s",
  curves: [quantile(0.5, metric), quantile(0.95, metric)],
});

const single = (title: string, description: string, unit: string, expr: string, max?: number): Panel => ({
  title,
  description,
  unit,
  curves: [{ expr, legend: "{{model_name}}" }],
  ...(max === undefined ? {} : { max }),
});

/** Speed, latency and load of each model. */
export const engines: Dashboard = {
  uid: "tokenrack-engines",
  title: "Tokenrack: engines",
  variables: [{ name: "Model", label: "model_name", metric: "ray_vllm_generation_tokens_total" }],
  panels: [
    {
      title: "Tokens a second",
      description: "Generated tokens, and those of prompts.",
      unit: "short",
      curves: [
        { expr: sumBy("model_name", rate("ray_vllm_generation_tokens_total")), legend: "{{model_name}} generated" },
        { expr: sumBy("model_name", rate("ray_vllm_prompt_tokens_total")), legend: "{{model_name}} prompt" },
      ],
    },
    quantiles(
      "Time to first token",
      "From a request's arrival at the engine to its first token: queue and prefill.",
      "ray_vllm_time_to_first_token_seconds",
    ),
    quantiles(
      "Inter-token latency",
      "Between two tokens of one answer: what a reader sees as speed.",
      "ray_vllm_inter_token_latency_seconds",
    ),
    quantiles("Time in the queue", "Before the engine begins with a request.", "ray_vllm_request_queue_time_seconds"),
    single(
      "KV cache in use",
      "Near 100 % requests wait, and running ones are put off. Nothing is shown while the engine is idle.",
      "percentunit",
      `max by (model_name) (ray_vllm_kv_cache_usage_perc{${models}})`,
      1,
    ),
    {
      title: "Requests in the engine",
      description: "Running and waiting. Nothing is shown while the engine is idle.",
      unit: "short",
      curves: [
        { expr: sumBy("model_name", `ray_vllm_num_requests_running{${models}}`), legend: "{{model_name}} running" },
        { expr: sumBy("model_name", `ray_vllm_num_requests_waiting{${models}}`), legend: "{{model_name}} waiting" },
      ],
    },
    {
      title: "Ends of answers",
      description: "stop and length are ordinary ends; abort is a client that left.",
      unit: "reqps",
      curves: [
        {
          expr: sumBy("model_name, finished_reason", rate("ray_vllm_request_success_total")),
          legend: "{{model_name}} {{finished_reason}}",
        },
      ],
    },
    single(
      "Prompts out of the prefix cache",
      "Share of prompt tokens whose keys and values were there already.",
      "percentunit",
      `${sumBy("model_name", rate("ray_vllm_prefix_cache_hits_total"))} / ${sumBy("model_name", rate("ray_vllm_prefix_cache_queries_total"))}`,
      1,
    ),
    {
      title: "State of the deployments",
      description: "6 is healthy, 3 to 5 change, 2 is unhealthy, 1 failed. An engine that hangs stays healthy here.",
      unit: "short",
      max: 6,
      curves: [{ expr: "max by (deployment) (ray_serve_deployment_status)", legend: "{{deployment}}" }],
    },
    {
      title: "Open requests at the replicas",
      description: "Goes on while an engine hangs, when its own numbers are gone.",
      unit: "short",
      curves: [
        {
          expr: 'sum by (deployment) (ray_serve_replica_processing_queries{deployment=~"LLMServer:.+"})',
          legend: "{{deployment}}",
        },
      ],
    },
  ],
};
