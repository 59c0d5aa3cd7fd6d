/** Who waits for whom, as the engine has it: read from the plan that a preview saves. */
import { z } from "zod";

/** Resources and what each waits for before it is made. */
export type ResourceGraph = ReadonlyMap<string, readonly string[]>;

/** The part of a saved plan that is read. @see pulumi/sdk/go/common/apitype/plan.go, GoalV1 */
const planSchema = z.object({
  resourcePlans: z.record(
    z.string(),
    z.object({
      goal: z
        .object({
          parent: z.string().optional(),
          provider: z.string().optional(),
          dependencies: z.array(z.string()).nullish(),
          propertyDependencies: z.record(z.string(), z.array(z.string()).nullish()).nullish(),
        })
        .nullish(),
    }),
  ),
});

/** The URN in a reference to a provider: `<urn>::<id>`. */
const providerUrn = (reference: string): string => reference.split("::").slice(0, 4).join("::");

/** By URN: dependencies, those of single properties, parent and provider; only what the plan itself has. */
export function readGraph(text: string): ResourceGraph {
  const plan: unknown = JSON.parse(text);
  const { resourcePlans } = planSchema.parse(plan);
  return new Map(
    Object.entries(resourcePlans).map(([urn, { goal }]) => {
      const { parent, provider, dependencies, propertyDependencies } = goal ?? {};
      const all = [
        ...(dependencies ?? []),
        ...Object.values(propertyDependencies ?? {}).flatMap((urns) => urns ?? []),
        ...(parent === undefined ? [] : [parent]),
        ...(provider === undefined ? [] : [providerUrn(provider)]),
      ];
      return [urn, [...new Set(all)].filter((other) => other !== urn && other in resourcePlans)];
    }),
  );
}
