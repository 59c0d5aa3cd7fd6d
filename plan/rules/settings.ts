/** What vLLM demands of the settings, whatever the layout. All places are in vLLM 0.29.0. */
import { closest } from "fastest-levenshtein";
import { reasoningParsers, toolParsers } from "../../catalog/parsers";
import type { Rule } from "./types";

/** The context is at most the model's. @see vllm/config/model.py, _get_and_verify_max_len */
export const context: Rule = ({ shape, contextTokens }) => {
  if (contextTokens === undefined) return undefined;
  if (Number.isInteger(contextTokens) && contextTokens >= 1 && contextTokens <= shape.maxContext) return undefined;
  return {
    rule: "context",
    found: `a context of ${contextTokens} tokens`,
    needed: `a whole number from 1 to ${shape.maxContext}, the model's own limit`,
    because: "vllm/config/model.py, _get_and_verify_max_len",
    pin: "contextTokens",
  };
};

/** Above 0, at most 1. @see vllm/config/cache.py, gpu_memory_utilization */
export const gpuMemoryUtilization: Rule = ({ pins: { gpuMemoryUtilization: share } }) => {
  if (share === undefined || (share > 0 && share <= 1)) return undefined;
  return {
    rule: "gpu-memory-utilization",
    found: `a share of ${share} of the GPU's memory`,
    needed: "a number above 0, at most 1",
    because: "vllm/config/cache.py, gpu_memory_utilization",
    pin: "gpuMemoryUtilization",
  };
};

/** What to write instead: the nearest name, then all of them. */
const oneOf = (name: string, known: ReadonlySet<string>): string =>
  `one of ${[...known].join(", ")} (nearest: ${closest(name, [...known])})`;

/** The tool parser exists. @see vllm/entrypoints/launchers/launcher.py, validate_api_server_args */
export const toolParser: Rule = ({ pins: { toolParser: name } }) => {
  if (name === undefined || toolParsers.has(name)) return undefined;
  return {
    rule: "tool-parser",
    found: `the tool parser "${name}"`,
    needed: oneOf(name, toolParsers),
    because: "vllm/entrypoints/launchers/launcher.py, validate_api_server_args",
    pin: "toolParser",
  };
};

/** The reasoning parser exists. @see vllm/entrypoints/launchers/launcher.py, validate_api_server_args */
export const reasoningParser: Rule = ({ pins: { reasoningParser: name } }) => {
  if (name === undefined || reasoningParsers.has(name)) return undefined;
  return {
    rule: "reasoning-parser",
    found: `the reasoning parser "${name}"`,
    needed: oneOf(name, reasoningParsers),
    because: "vllm/entrypoints/launchers/launcher.py, validate_api_server_args",
    pin: "reasoningParser",
  };
};
