/** What would make a model fit that does not: each is tried, none is guessed. */
import { modelShapes, type ModelShape } from "../../catalog/modelShapes";
import type { Hardware } from "../cluster/hardware";
import type { ServingRequest } from "../cluster/types";
import type { Option } from "./candidates";
import type { CardPool } from "./pools";
import { fitOf, missingBytes, type Fit } from "./settings";
import { inGib, tokens } from "./words";

/** Catalogue models named in one sentence. */
const mostNamed = 2;

/** The same network in another storage format. */
export function siblings(shape: ModelShape): readonly ModelShape[] {
  const key = ({ layers, hidden, heads, kvHeads, intermediate, vocab, maxContext }: ModelShape): string =>
    [layers, hidden, heads, kvHeads, intermediate, vocab, maxContext].join();
  return modelShapes.filter((other) => other.id !== shape.id && key(other) === key(shape));
}

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
  return fit === undefined ? undefined : `lower contextTokens to ${fit.settings.maxModelLen}`;
}

function smallerCache(request: ServingRequest, option: Option): string | undefined {
  if (request.pins.kvCacheDtype === "fp8") return undefined;
  const fit = fitWith(option, { ...request, pins: { ...request.pins, kvCacheDtype: "fp8" } });
  return fit === undefined ? undefined : "set kvCacheDtype: fp8 (half the cache, slightly less exact)";
}

function otherStorage(request: ServingRequest, option: Option): string | undefined {
  const fitting = siblings(request.shape).filter((shape) => {
    const fit = fitWith(option, { ...request, shape });
    return fit !== undefined && fit.useful;
  });
  const named = fitting.slice(0, mostNamed).map(({ id }) => id);
  return named.length === 0 ? undefined : `take ${named.join(" or ")}`;
}

function offload(request: ServingRequest, option: Option): string | undefined {
  const gib = Math.ceil(missingBytes(option.fit ?? fitOf(request, { ...option, replicas: 1 })) / 2 ** 30) + 1;
  if (request.pins.cpuOffloadGib !== undefined || gib > 16) return undefined;
  const fit = fitWith(option, { ...request, pins: { ...request.pins, cpuOffloadGib: gib } });
  return fit === undefined ? undefined : `set cpuOffloadGib: ${gib} (slow: these weights cross PCIe for each token)`;
}

/** One instruction with every way that was found to work. */
export function remedies(
  { request }: { request: ServingRequest; pools: readonly CardPool[]; hardware: Hardware },
  option: Option,
): string {
  const ways = [shorterContext, smallerCache, otherStorage, offload].flatMap((way) => way(request, option) ?? []);
  if (ways.length > 0) return ways.join("; or ");
  const short =
    option.fit === undefined
      ? ""
      : ` (${inGib(missingBytes(option.fit))} a GPU are missing, context ${tokens(option.fit.settings.maxModelLen)})`;
  return `take a smaller model, or add GPUs${short}`;
}
