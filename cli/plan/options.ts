/** The command line of `npm run plan`. */
import { Command, InvalidArgumentError, Option } from "commander";
import type { Fault } from "../../config/errors";
import type { KvCacheDtype } from "../../plan/cluster/types";
import type { Wanted } from "./whatIf";
import { UsageError } from "./usage";

/** Options as commander hands them on. */
export interface PlanOptions {
  readonly stack?: string;
  readonly gpus?: readonly string[];
  readonly model?: readonly string[];
  readonly context?: number;
  readonly concurrency?: number;
  readonly tp?: number;
  readonly pp?: number;
  readonly replicas?: number;
  readonly utilization?: number;
  readonly kvDtype?: KvCacheDtype;
  readonly tpOverNetwork?: boolean;
  readonly compare?: boolean;
  readonly why?: boolean;
  readonly json?: boolean;
  readonly jsonSchema?: boolean;
  readonly svg?: string;
}

const help = `
GPUs, several items joined by commas or by another --gpus:
  [<nodes>x[<GPUs a node>x]]<card>[:nvlink][:pcie<generation>x<width>][@<rate>GbE|@<rate>IB]
  3x3090              one machine with three RTX 3090
  3x3090@10GbE        three nodes with one RTX 3090 each, 10 Gb/s Ethernet between them
  3x3090,1x3060@10GbE and a fourth node with an RTX 3060: one rate holds for all nodes
  2x8xa100@200IB      two nodes with eight A100 each, 200 Gb/s RDMA
  4x3090:nvlink       one machine, NVLink bridges over each pair
  2x3090:pcie3x8      slots with less than the card's own PCIe 4.0 x16

Examples:
  npm run plan -- --stack homelab
  npm run plan -- --gpus 3x3090@10GbE --model Qwen/Qwen3-32B-AWQ --context 32768
  npm run plan -- --gpus 1x4090 --model ./my-model/config.json --compare

Exit code: 0 it fits, 1 it does not (the faults say why), 2 the command line is wrong. All of it: docs/plan.md`;

function atLeastOne(text: string): number {
  const value = Number(text.replace(/[,_](?=\d{3})/g, ""));
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("It must be a whole number, 1 or more.");
  return value;
}

function share(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1)) throw new InvalidArgumentError("It must be a share above 0, at most 1, such as 0.9.");
  return value;
}

const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

/** The command without its action. */
export const planCommand = (): Command =>
  new Command("npm run plan --")
    .description("What fits where and how fast it will be, before anything is made. Needs no network and no secrets.")
    .option("--stack <name>", "plan of the stack file Pulumi.<name>.yaml")
    .option("--gpus <list>", "what-if: GPUs without a stack file, as below", collect)
    .option(
      "--model <id or path>",
      "what-if: id in the catalogue, or a config.json; may be given several times",
      collect,
    )
    .option("--context <tokens>", "wanted context (default: the largest useful one)", atLeastOne)
    .option("--concurrency <n>", "wanted requests at the same time", atLeastOne)
    .option("--tp <n>", "pin tensor parallel", atLeastOne)
    .option("--pp <n>", "pin pipeline parallel", atLeastOne)
    .option("--replicas <n>", "pin the number of replicas", atLeastOne)
    .option("--utilization <share>", "pin vLLM's share of each GPU", share)
    .addOption(new Option("--kv-dtype <dtype>", "pin the KV cache's dtype").choices(["auto", "fp8"]))
    .option("--tp-over-network", "allow tensor parallel between nodes on an ordinary network")
    .option("--compare", "all storage formats of the model in the catalogue, a line each")
    .option("--why", "all reasons, settings and layouts that lost")
    .option("--json", "the plan for machines (schema: docs/plan.schema.json)")
    .option("--json-schema", "the schema of --json")
    .option("--svg <file>", "the plan as a picture")
    .addHelpText("after", help);

/** Options that are about a what-if only. */
const whatIfOnly = [
  "gpus",
  "model",
  "context",
  "concurrency",
  "tp",
  "pp",
  "replicas",
  "utilization",
  "kvDtype",
  "tpOverNetwork",
  "compare",
] as const satisfies readonly (keyof PlanOptions)[];

const flag = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

const fault = (path: string, found: string, needed: string, fix: string): Fault => ({ path, found, needed, fix });

/** @throws UsageError when the options do not go together */
export function checkOptions(options: PlanOptions): void {
  if (options.jsonSchema === true) return;
  const given = whatIfOnly.filter((name) => options[name] !== undefined);
  const faults: Fault[] = [];
  if (options.stack !== undefined && given.length > 0) {
    const found = given.map(flag).join(", ");
    faults.push(
      fault(
        "--stack",
        `--stack with ${found}`,
        "either a stack or a what-if",
        "set it in the stack file, or leave out --stack",
      ),
    );
  } else if (options.stack === undefined && options.gpus === undefined) {
    faults.push(
      fault("(options)", "nothing to plan", "--stack, or --gpus with --model", "write `--stack local`, or see --help"),
    );
  } else if (options.stack === undefined && options.model === undefined) {
    faults.push(fault("--model", "nothing", "a model", "write `--model Qwen/Qwen3-8B`"));
  }
  if (options.compare === true && (options.model?.length ?? 0) > 1) {
    faults.push(fault("--compare", `${options.model?.length ?? 0} models`, "one model", "compare them one by one"));
  }
  if (options.compare === true && options.svg !== undefined) {
    faults.push(fault("--svg", "--svg with --compare", "a single plan", "leave out one of them"));
  }
  if (faults.length > 0) throw new UsageError(faults);
}

/** What is asked of every model of a what-if. */
export function wantedOf({
  context,
  concurrency,
  tp,
  pp,
  replicas,
  utilization,
  kvDtype,
  tpOverNetwork,
}: PlanOptions): Wanted {
  return {
    ...(context === undefined ? {} : { contextTokens: context }),
    ...(concurrency === undefined ? {} : { concurrency }),
    pins: {
      ...(tp === undefined ? {} : { tensorParallel: tp }),
      ...(pp === undefined ? {} : { pipelineParallel: pp }),
      ...(replicas === undefined ? {} : { replicas }),
      ...(utilization === undefined ? {} : { gpuMemoryUtilization: utilization }),
      ...(kvDtype === undefined ? {} : { kvCacheDtype: kvDtype }),
      ...(tpOverNetwork === undefined ? {} : { tensorParallelOverNetwork: tpOverNetwork }),
    },
  };
}
