import assert from "node:assert/strict";
import { brokenRules } from "../../plan/rules";
import { speedOf } from "../../plan/speed";
import { requestOf, speedRows, type SpeedRow } from "./speed/rows";

/** One number of a row, measured and estimated. */
interface Pair {
  readonly label: string;
  readonly kind: "decode" | "prefill" | "latency";
  readonly measured: number;
  readonly estimated: number;
  /** Factors that came from this number; undefined when it only checks. */
  readonly sets: string | undefined;
}

function decodePairs(row: SpeedRow): Pair[] {
  return (row.decode ?? []).map(({ concurrency, contextTokens, tokensPerSecond, sets }) => ({
    label: `${row.case}, ${concurrency} at ${contextTokens} tokens`,
    kind: "decode",
    measured: tokensPerSecond,
    estimated: speedOf(requestOf(row, { concurrency, contextTokens })).tokensPerSecondBusy.value,
    sets,
  }));
}

function prefillPairs(row: SpeedRow): Pair[] {
  const explained = (row.prefill ?? []).filter(({ unexplained }) => unexplained === undefined);
  return explained.map(({ promptTokens, seconds, sets }) => ({
    label: `${row.case}, prompt of ${promptTokens}`,
    kind: "prefill",
    measured: seconds,
    estimated: speedOf(requestOf(row, { promptTokens })).timeToFirstToken.value,
    sets,
  }));
}

/** Prompts of a batch are computed like one prompt as long as all of them: they are short, so attention is little. */
function latencyPairs(row: SpeedRow): Pair[] {
  return (row.latency ?? []).map(({ concurrency, promptTokens, outputTokens, seconds }) => {
    const contextTokens = promptTokens + outputTokens / 2;
    const speed = speedOf(requestOf(row, { concurrency, contextTokens, promptTokens: concurrency * promptTokens }));
    return {
      label: `${row.case}, ${concurrency} at once`,
      kind: "latency",
      measured: seconds,
      estimated: speed.timeToFirstToken.value + (outputTokens - 1) * speed.interTokenBusy.value,
      sets: undefined,
    };
  });
}

const pairs = speedRows.flatMap((row) => [...decodePairs(row), ...prefillPairs(row), ...latencyPairs(row)]);
const checks = pairs.filter(({ sets }) => sets === undefined);
const offBy = ({ measured, estimated }: Pair): number => Math.abs(estimated / measured - 1);

/** Half of them are off by less. */
function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

describe("plan/speed against measured rows", () => {
  for (const pair of pairs) {
    const share = pair.sets === undefined ? 0.25 : 0.03;
    const says = pair.sets === undefined ? "checks" : `sets ${pair.sets}`;
    it(`${pair.kind} within ${100 * share} %: ${pair.label} (${says})`, () => {
      const text = `${pair.estimated} and measured ${pair.measured}, ${(100 * offBy(pair)).toFixed(1)} % off`;
      assert.ok(offBy(pair) <= share, text);
    });
  }

  it("holds layouts that no rule refuses: each of them ran", () => {
    for (const row of speedRows) {
      const { shape, layout, gpus } = requestOf(row, {});
      const models = [...new Set(gpus.map(({ model }) => model))];
      const candidate = { shape, layout, gpus: models, dtype: "bfloat16", kvCacheDtype: "auto", pins: {} } as const;
      assert.deepEqual(
        brokenRules(candidate).map(({ found }) => found),
        [],
        row.case,
      );
    }
  });

  it("has more decode numbers that only check than ones that set a factor, on six kinds of card", () => {
    const decode = pairs.filter(({ kind }) => kind !== "prefill");
    assert.ok(decode.filter(({ sets }) => sets === undefined).length > decode.length / 2);
    assert.ok(new Set(speedRows.map(({ gpu }) => JSON.stringify(gpu))).size >= 6);
  });

  it("is off by less than 6 % on half of the numbers that only check", () => {
    const middle = median(checks.map(offBy));
    assert.ok(middle < 0.06, `median ${(100 * middle).toFixed(1)} %`);
  });
});
