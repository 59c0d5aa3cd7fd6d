/** What a start chose beyond the stack file: free ports, and a model given on the command line. Kept until `npm stop`. */
import { existsSync, readFileSync } from "node:fs";
import * as z from "zod";
import type { Ports } from "../config/schema";
import { writePrivate } from "../system/privateFile";
import { house, type House } from "./house";

const schema = z.object({
  ports: z.record(z.string(), z.number()),
  model: z.string().optional(),
  firstUser: z.string().optional(),
});

/** Chosen ports and model. */
export interface Choices {
  readonly ports: Ports;
  /** From `--model`; undefined: as the stack file says. */
  readonly model?: string | undefined;
  /** Name of the first user whom the gateway knows. */
  readonly firstUser?: string | undefined;
}

/** What was chosen before; undefined when nothing was, or the file is none of ours. */
export function readChoices(at: House = house): z.output<typeof schema> | undefined {
  if (!existsSync(at.choices)) return undefined;
  try {
    return schema.safeParse(JSON.parse(readFileSync(at.choices, "utf8"))).data;
  } catch {
    return undefined; // No JSON, or gone meanwhile: reservations are looked up in other checkouts too.
  }
}

/** Keeps the choices. */
export function writeChoices(choices: Choices, at: House = house): void {
  writePrivate(at.choices, JSON.stringify(choices));
}
