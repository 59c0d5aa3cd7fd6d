/** The plan of a stack file: without the Pulumi CLI, credentials or a network. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { profileFromYaml } from "../../config/stackFile";
import { factsFor } from "../../local/facts";
import { makePlan, type Plan } from "../../plan/plan";
import { house, type House } from "../house";
import { UsageError } from "./usage";

const stackFile = /^Pulumi\.([A-Za-z0-9._-]+)\.yaml$/;

/** Names of the stack files of a checkout, sorted. */
export const stackNames = (at: House = house): readonly string[] =>
  readdirSync(at.checkout)
    .flatMap((name) => stackFile.exec(name)?.[1] ?? [])
    .sort();

/**
 * The plan of a stack, with this machine's facts where it is about this machine.
 * @throws UsageError when there is no such file
 * @throws UserError or ProfileError with everything that is wrong with it
 */
export function planOfStack(stack: string, at: House = house): Plan {
  const name = `Pulumi.${stack}.yaml`;
  const file = join(at.checkout, name);
  if (!stackFile.test(name) || !existsSync(file)) {
    const needed = `one of ${stackNames(at).join(", ")}`;
    throw new UsageError([
      { path: "--stack", found: `"${stack}"`, needed, fix: `write one of these, or make ${name}` },
    ]);
  }
  const profile = profileFromYaml(readFileSync(file, "utf8"), stack);
  return makePlan(profile, factsFor(profile, at.checkout));
}
