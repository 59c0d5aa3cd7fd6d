/** What vLLM demands of the settings, whatever the layout. All places are in vLLM 0.29.0. */
import { closest } from "fastest-levenshtein";
import { reasoningParsers, toolParsers } from "../../catalog/parsers";
import type { Rule, RuleId } from "./types";

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

/** A parser that the user named exists. @see vllm/entrypoints/launchers/launcher.py, validate_api_server_args */
const parserExists =
  (pin: "toolParser" | "reasoningParser", rule: RuleId, what: string, known: ReadonlySet<string>): Rule =>
  ({ pins: { [pin]: name } }) => {
    if (name === undefined || known.has(name)) return undefined;
    return {
      rule,
      found: `the ${what} "${name}"`,
      needed: oneOf(name, known),
      because: "vllm/entrypoints/launchers/launcher.py, validate_api_server_args",
      pin,
    };
  };

export const toolParser = parserExists("toolParser", "tool-parser", "tool parser", toolParsers);
export const reasoningParser = parserExists(
  "reasoningParser",
  "reasoning-parser",
  "reasoning parser",
  reasoningParsers,
);
