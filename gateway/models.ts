import { mayUseModel, type ModelAllowance } from "./access";
import { notFound, upstreamFailed } from "./errors";
import type { ModelRoutes } from "./modelRoutes";
import type { Upstream } from "./upstream";
import { refusalOf } from "./upstreamErrors";

export interface ModelEntry {
  readonly id: string;
  readonly [key: string]: unknown;
}

function isEntry(value: unknown): value is ModelEntry {
  return typeof value === "object" && value !== null && "id" in value && typeof value.id === "string";
}

function entriesOf(text: string): ModelEntry[] {
  try {
    const body: unknown = JSON.parse(text);
    const data: unknown = typeof body === "object" && body !== null ? Reflect.get(body, "data") : undefined;
    if (Array.isArray(data)) return data.filter(isEntry);
  } catch {
    // Told below: an answer that is not a list is the engine's fault.
  }
  throw upstreamFailed(502, "upstream_error", "The engine's list of models cannot be read.");
}

/** Whom a list is asked for. */
interface Asking {
  readonly allowance: ModelAllowance;
  readonly requestId: string;
  readonly signal: AbortSignal;
}

/**
 * The models that the subject may use: those that have routes, else the engine's own list.
 * @throws ApiError 502, 503 or 504
 */
export async function listModels(
  upstream: Upstream,
  routes: ModelRoutes,
  { allowance, requestId, signal }: Asking,
): Promise<ModelEntry[]> {
  const { models } = routes;
  if (models !== undefined)
    return models
      .filter((id) => mayUseModel(allowance, id))
      .map((id) => ({ id, object: "model", created: 0, owned_by: "tokenrack" }));
  const response = await upstream.send({ method: "GET", path: "/v1/models", requestId, signal });
  const text = await upstream.read(response, signal);
  if (response.statusCode !== 200) throw refusalOf(response.statusCode, text);
  return entriesOf(text).filter((entry) => mayUseModel(allowance, entry.id));
}

/**
 * The model id in the rest of a raw path. Ids hold slashes, which clients send plain or as %2F; it is decoded once and then only
 * compared with ids, never used as a path. @throws ApiError 404
 */
export function modelIdFromPath(rest: string): string {
  try {
    const id = decodeURIComponent(rest);
    if (/^[A-Za-z0-9][\w.:/@+-]{0,255}$/.test(id)) return id;
  } catch {
    // A broken % escape names no model.
  }
  throw notFound("model_not_found");
}
