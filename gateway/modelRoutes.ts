import type { GatewayConfig } from "./config";
import { notFound } from "./errors";

/** Where each model answers below the engine's URL: one application for all of them, or one a model. */
export class ModelRoutes {
  constructor(private readonly routes: GatewayConfig["upstream"]["routes"]) {}

  /** Names of the models; undefined when only the engine knows them. */
  get models(): readonly string[] | undefined {
    return this.routes === undefined ? undefined : Object.keys(this.routes);
  }

  /** Path of a request for a model; an adapter ("<model>:<adapter>") is where its model is. @throws ApiError 404 */
  pathOf(model: string, path: string): string {
    const { routes } = this;
    if (routes === undefined) return path;
    const known = (name: string): string | undefined => (Object.hasOwn(routes, name) ? routes[name] : undefined);
    const prefix = known(model) ?? known(model.slice(0, Math.max(0, model.lastIndexOf(":"))));
    if (prefix === undefined) throw notFound("model_not_found");
    return prefix === "/" ? path : prefix + path;
  }
}
