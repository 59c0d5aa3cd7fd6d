/** Numbers and layouts in words, the same in the table, the picture and the comparison. */
import { GIB } from "../../catalog/units";
import type { ModelShape } from "../../catalog/modelShapes";
import type { Bound, Figure, SpeedEstimate } from "../cluster/types";
import type { Layout } from "../memory/layout";

/** "32,768": not by locale, so that the same plan gives the same bytes everywhere. */
export const whole = (n: number): string =>
  Math.round(n)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");

/** Three digits at most: "0.42", "4.2", "42", "420", "4,200". */
export function brief(n: number): string {
  if (n >= 9.95 || n === 0) return whole(n);
  return n.toFixed(n >= 0.995 ? 1 : 2);
}

/** One decimal, as bars and tables have it: "0.3", "17.0". */
export const gibOf = (bytes: number): string => (bytes / GIB).toFixed(1);

/** "1 replica", "3 replicas". */
export const count = (n: number, one: string, many = `${one}s`): string => `${whole(n)} ${n === 1 ? one : many}`;

/** "48 ms", "3.1 s". */
export const time = (seconds: number): string =>
  seconds < 0.9995 ? `${brief(seconds * 1000)} ms` : `${brief(seconds)} s`;

/** "TP 2 x PP 3", with the layers of each PP rank where they were set, and EP where experts are kept whole. */
export function layoutWords({ tensorParallel, pipelineParallel, layerPartition, expertParallel }: Layout): string {
  const layers = layerPartition === undefined ? "" : ` (layers ${layerPartition.join("+")})`;
  return `TP ${tensorParallel} x PP ${pipelineParallel}${layers}${expertParallel === true ? " with EP" : ""}`;
}

/** How the weights are stored: "AWQ 4 bit", "FP8". */
export function storageWords({ quantization }: Pick<ModelShape, "quantization">): string {
  switch (quantization.format) {
    case "bf16":
      return "16 bit";
    case "int4":
      return quantization.zeros ? "4 bit (AWQ)" : "4 bit (GPTQ, W4A16)";
    case "fp8":
      return quantization.scales === "channel" ? "FP8" : "FP8 in blocks";
    case "mxfp4":
      return "MXFP4";
  }
}

/** The last part of a Hugging Face id: "Qwen/Qwen3-8B" is "Qwen3-8B". */
export const shortName = (id: string): string => id.slice(id.lastIndexOf("/") + 1);

/** "10 GbE", "100 Gb/s RDMA". */
export const networkWords = ({ gbitPerSecond, rdma }: { gbitPerSecond: number; rdma: boolean }): string =>
  rdma ? `${gbitPerSecond} Gb/s RDMA` : `${gbitPerSecond} GbE`;

const bounds: Readonly<Record<Bound, string>> = {
  "memory bandwidth": "memory bandwidth",
  compute: "compute",
  link: "the link",
  "launch overhead": "launch overhead",
};

/** "bound by memory bandwidth". */
export const boundWords = ({ boundBy }: Figure): string => `bound by ${bounds[boundBy]}`;

/** One row of the speed block: what, the figure, what bounds it. */
export interface SpeedRow {
  readonly what: string;
  readonly rate: string;
  readonly between: string;
  readonly bound: string;
}

/** Decoding alone and with everybody at once. */
export const decodeRows = (speed: SpeedEstimate): readonly SpeedRow[] =>
  [
    { what: "1 request", rate: speed.tokensPerSecondAlone, between: speed.interTokenAlone },
    { what: count(speed.concurrency, "request"), rate: speed.tokensPerSecondBusy, between: speed.interTokenBusy },
  ]
    .slice(0, speed.concurrency > 1 ? 2 : 1)
    .map(({ what, rate, between }) => ({
      what,
      rate: `${brief(rate.value)} tokens/s`,
      between: `${time(between.value)} a token`,
      bound: boundWords(between),
    }));
