/** What the engine's state says of its resources. Pure. */
import { z } from "zod";
import type { ExportedState } from "../../engine/engineStack";
import type { Needs } from "./timeline";

const resourcesSchema = z.object({
  deployment: z.looseObject({
    resources: z
      .array(
        z.looseObject({
          urn: z.string(),
          /** "<urn>::<id>" */
          provider: z.string().optional(),
          dependencies: z.array(z.string()).nullish(),
          propertyDependencies: z.record(z.string(), z.array(z.string()).nullish()).nullish(),
        }),
      )
      .default([]),
  }),
});

const resourcesOf = (state: ExportedState) => resourcesSchema.parse(state).deployment.resources;

/** What each resource needed; its provider is one of them, which may have waited for others itself. */
export const needsOf = (state: ExportedState): Needs =>
  new Map(
    resourcesOf(state).map(({ urn, provider, dependencies, propertyDependencies }) => {
      const properties = Object.values(propertyDependencies ?? {}).flatMap((list) => list ?? []);
      const own = provider === undefined ? [] : [provider.replace(/::[^:]*$/, "")];
      return [urn, [...new Set([...(dependencies ?? []), ...properties, ...own])]];
    }),
  );
