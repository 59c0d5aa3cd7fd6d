/** What may go wrong with a plan although it starts, with numbers. */
import type { ServingRequest } from "../cluster/types";
import { weightsPerRank } from "../memory/weights";
import type { Scored } from "./choice";
import { missingBytes, wantedContext } from "./settings";
import { amount, inGib, tokens } from "./words";

/** Share of the KV cache that the estimate may be off by. @see test/plan/calibration.test.ts */
const uncertain = 0.08;

/** Share by which weights on disk may differ from what the shape says: rope tables, padding, small tensors. */
const diskDiffers = 0.1;

/** Weights on disk that do not go with the shape: a storage format that is not what the catalogue says. */
function otherWeights({ shape, weightBytes }: ServingRequest): string | undefined {
  if (weightBytes === undefined) return undefined;
  const [whole] = weightsPerRank(shape, { tensorParallel: 1, pipelineParallel: 1 });
  const expected = whole === undefined ? 0 : whole.total - whole.rope;
  if (Math.abs(weightBytes - expected) <= diskDiffers * expected) return undefined;
  return `The weights on disk are ${inGib(weightBytes)}, and this plan is for ${inGib(expected)}: check how they are stored.`;
}

/** Warnings of one model's plan. */
export function warningsOf(request: ServingRequest, { fit }: Scored): readonly string[] {
  const { settings, warm, cold, starts, useful, concurrency } = fit;
  const { shape } = request;
  const context = tokens(settings.maxModelLen);
  const kept = request.keepsCompileCache !== false;
  const missing = missingBytes(fit) > 0 ? `${inGib(missingBytes(fit))} are missing and ` : "";
  const tight = starts === "always" && cold.kv.sequences * (1 - uncertain) < 1;
  const warnings: readonly (string | undefined)[] = [
    starts === "warm only"
      ? `The first start fails: while nothing is compiled yet, ${missing}the KV cache holds ` +
        `${amount(cold.kv.tokens)} tokens of the ${amount(settings.maxModelLen)} wanted. Start once with a shorter context or enforceEager, ` +
        `then again with this one.`
      : undefined,
    starts === "warm only" && !kept ? "The compile cache is not kept, so every start is a first start." : undefined,
    tight
      ? `The KV cache is within ${uncertain * 100} % of the least for ${context}: the start may fail by a hair.`
      : undefined,
    useful
      ? undefined
      : `Only ${context} of context fit, less than the ${tokens(wantedContext(request))} that most uses need.`,
    warm.kv.sequences < 1.5 && settings.maxModelLen > 0 && concurrency > 1
      ? `The KV cache holds ${warm.kv.sequences.toFixed(1)} requests of ${context}: longer ones wait for each other.`
      : undefined,
    settings.maxNumSeqs < concurrency
      ? `${settings.maxNumSeqs} requests at the same time on a replica; the rest of ${concurrency} wait.`
      : undefined,
    otherWeights(request),
    shape.verified ? undefined : `${shape.id} in the catalogue is not verified: ${shape.source}.`,
  ];
  return warnings.filter((warning) => warning !== undefined);
}
