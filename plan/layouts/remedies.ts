/** What would make a model fit that does not: each is tried, none is guessed. */
import { GIB } from "../../catalog/units";
import type { GpuModel } from "../../catalog/gpus";
import type { ModelShape } from "../../catalog/modelShapes";
import { variantsOf } from "../../catalog/variants";
import type { ServingRequest } from "../cluster/types";
import type { Layout } from "../memory/layout";
import { accepted, type Option } from "./candidates";
import { largestBlock, type CardPool } from "./pools";
import { fitOf, missingBytes, type Fit, type Placed } from "./settings";
import { inGib, layoutName } from "./words";

/** Catalogue models named in one sentence. */
const mostNamed = 2;

/** The model, and the GPUs that it may use. */
interface Sought {
  readonly request: ServingRequest;
  readonly pools: readonly CardPool[];
}

/** The same model, not only the same network, in another storage format. */
const siblings = (shape: ModelShape): readonly ModelShape[] => variantsOf(shape).filter(({ id }) => id !== shape.id);

function fitWith(option: Option, request: ServingRequest): Fit | undefined {
  const { layout, cards, count } = option;
  const fit = fitOf(request, { layout, cards, replicas: count });
  return fit.starts === "always" ? fit : undefined;
}

/** The longest context with everything else as it is. */
function shorterContext(request: ServingRequest, option: Option): string | undefined {
  if (request.contextTokens === undefined) return undefined;
  const { name, shape, path, pins, concurrency } = request;
  const fit = fitWith(option, { name, shape, path, pins, ...(concurrency === undefined ? {} : { concurrency }) });
  if (fit === undefined || fit.settings.maxModelLen >= request.contextTokens) return undefined;
  // Less than the cache holds once all is compiled: the first start has to succeed as well.
  return `lower contextTokens to ${fit.settings.maxModelLen} (the first start holds that, too)`;
}

function smallerCache(request: ServingRequest, option: Option): string | undefined {
  if (request.pins.kvCacheDtype === "fp8") return undefined;
  const fit = fitWith(option, { ...request, pins: { ...request.pins, kvCacheDtype: "fp8" } });
  return fit === undefined ? undefined : "set kvCacheDtype: fp8 (half the cache, slightly less exact)";
}

const holds = (request: ServingRequest, placed: Placed): boolean => {
  const fit = fitOf(request, placed);
  return fit.starts === "always" && fit.useful;
};

function otherStorage({ request }: Sought, option: Option): string | undefined {
  const { layout, cards, count } = option;
  const fitting = siblings(request.shape).filter((shape) =>
    holds({ ...request, shape }, { layout, cards, replicas: count }),
  );
  const named = fitting.slice(0, mostNamed).map(({ id }) => id);
  return named.length === 0 ? undefined : `take ${named.join(" or ")}`;
}

/** Layouts over all GPUs of a node, and over all of a card; what another storage format may need. */
const widest = (pool: CardPool): readonly Layout[] => [
  { tensorParallel: largestBlock(pool), pipelineParallel: 1 },
  { tensorParallel: 1, pipelineParallel: pool.count },
];

/** Another storage format on more GPUs than this option has. */
function otherStorageSpread({ request, pools }: Sought): string | undefined {
  const { tensorParallel, pipelineParallel, replicas } = request.pins;
  if (tensorParallel !== undefined || pipelineParallel !== undefined || replicas !== undefined) return undefined;
  const ways = siblings(request.shape).flatMap((shape) =>
    pools.flatMap((pool) =>
      widest(pool).flatMap((layout) => {
        const other = { ...request, shape };
        const cards = Array<GpuModel>(layout.pipelineParallel).fill(pool.card);
        const works =
          layout.pipelineParallel <= shape.layers &&
          accepted(other, [pool.card], layout).broken.length === 0 &&
          holds(other, { layout, cards, replicas: 1 });
        return works ? [`${shape.id} (${layoutName(layout)})`] : [];
      }),
    ),
  );
  return ways.length === 0 ? undefined : `take ${ways.slice(0, mostNamed).join(" or ")}`;
}

function offload(request: ServingRequest, option: Option): string | undefined {
  const gib = Math.ceil(missingBytes(option.fit ?? fitOf(request, { ...option, replicas: 1 })) / GIB) + 1;
  if (request.pins.cpuOffloadGib !== undefined || gib > 16) return undefined;
  const fit = fitWith(option, { ...request, pins: { ...request.pins, cpuOffloadGib: gib } });
  return fit === undefined ? undefined : `set cpuOffloadGib: ${gib} (slow: these weights cross PCIe for each token)`;
}

/**
 * Every way that was found to work; when there is none, what always does. `other`: there is one more that the caller
 * knows.
 */
export function remedies(sought: Sought, option: Option, other = false): readonly string[] {
  const { request } = sought;
  const ways = [
    shorterContext(request, option),
    smallerCache(request, option),
    otherStorage(sought, option) ?? otherStorageSpread(sought),
    offload(request, option),
  ].filter((way) => way !== undefined);
  if (ways.length > 0 || other) return ways;
  const missing = option.fit === undefined ? 0 : missingBytes(option.fit);
  const short = missing === 0 ? "" : ` (${inGib(missing)} a GPU are missing)`;
  return [`take a smaller model, or add GPUs${short}`];
}
