/**
 * What `--json` prints, one schema for all of it: docs/plan.schema.json is generated from it, and the real output is held
 * to it in the tests.
 */
import * as z from "zod";
import { hardware } from "./json/hardware";
import { clusterGateway, gateway, local, localModel } from "./json/local";
import { bootstrap, deckhouse } from "./json/deckhouse";
import { fleet } from "./json/fleet";
import { hosts, placement, pool } from "./json/placement";
import { servingPlan, servingPlans } from "./json/serving";
import { fault, sentences, text } from "./json/values";

/** Goes up when a field changes its meaning or is taken away; not when one is added. */
export const jsonVersion = 1;

const kind = <K extends string>(name: K, fits: z.ZodType) => ({
  version: z.literal(jsonVersion),
  kind: z.literal(name),
  fits,
});

const yes = z.literal(true);
const warnings = sentences("what to know; nothing that stops a bring-up");

const whatIf = z
  .strictObject({ ...kind("what-if", yes), hardware, serving: servingPlans, warnings })
  .describe("GPUs and models from the command line");

const comparison = z
  .strictObject({
    ...kind("comparison", z.boolean().describe("at least one fits")),
    hardware,
    models: z.array(
      z.strictObject({ model: text("id"), fits: z.boolean(), plan: servingPlan.optional(), faults: z.array(fault) }),
    ),
  })
  .describe("one model in all storage formats of the catalogue, the fastest first");

const localStack = z
  .strictObject({
    ...kind("local", yes),
    stack: text("name of the stack"),
    platform: z.literal("local"),
    local,
    models: z.array(localModel).min(1),
    gateway,
    warnings,
  })
  .describe("a stack on this machine");

const cluster = {
  ...kind("cluster", yes),
  stack: text("name of the stack"),
  pools: z.array(pool),
  hardware,
  serving: servingPlans,
  gateway: clusterGateway,
  unmet: z.array(fault).describe("what a plan did without, and a bring-up cannot"),
  warnings,
} as const;

const clusterStack = z.discriminatedUnion("platform", [
  z
    .strictObject({ ...cluster, platform: z.literal("proxmox"), hosts, placement, fleet, deckhouse, bootstrap })
    .describe("a stack on Proxmox hosts"),
  z
    .strictObject({ ...cluster, platform: z.literal("existing") })
    .describe("a stack on a cluster that is there already"),
]);

const faults = z
  .strictObject({ ...kind("faults", z.literal(false)), faults: z.array(fault) })
  .describe("nothing can be planned; exit code 1");

/** Everything that `--json` may print. */
export const outputSchema = z
  .discriminatedUnion("kind", [whatIf, comparison, localStack, clusterStack, faults])
  .meta({ title: "Output of `npm run -s plan -- --json`" });

/** One output. */
export type Output = z.input<typeof outputSchema>;

/** The JSON Schema of the output. It lets fields through that a later release may add; our own tests do not. */
export const jsonSchema = (): unknown =>
  z.toJSONSchema(outputSchema, {
    override: ({ jsonSchema: own }) => {
      if (own.additionalProperties === false) delete own.additionalProperties;
    },
  });

/** Which output, and its own fields. */
export const toJson = (name: Output["kind"], fits: boolean, fields: object): string =>
  JSON.stringify({ version: jsonVersion, kind: name, fits, ...fields }, undefined, 2);
