/** The plain arguments of `ServedCluster` as the keys of a stack file. */
import * as pulumi from "@pulumi/pulumi";
import { parse, YAMLParseError } from "yaml";
import { ProfileError, type Fault } from "../config/errors";
import type { ExistingPlan } from "../plan/plan";
import { planKeys } from "./planModels";
import type { ServedClusterArgs } from "./servedCluster";

const plainKeys = ["pools", "models", "network", "ingress"] as const;

/** What a stack file has and this component has not, as it would need secrets that are no arguments. */
const elsewhere: readonly string[] = ["chat"];

const needed = "YAML of keys of a stack file, such as `gpu: { mode: preinstalled }`";

/** What is not known yet, or secret: a plan cannot be made by it. */
const undecided = (args: ServedClusterArgs): readonly Fault[] =>
  [...plainKeys, "settings" as const]
    .filter((key) => pulumi.Output.isInstance(args[key]))
    .map((path) => ({
      path,
      found: "a value that is secret, or that is known only after an up",
      needed: "plain data",
      fix: "write the value into the program, or read it from the stack's plain configuration",
    }));

/** @throws ProfileError when the text is no group of keys, or has one that belongs elsewhere */
function settingsOf(text: string | undefined): object {
  if (text === undefined) return {};
  const refuse = (found: string, fix: string): ProfileError =>
    new ProfileError([{ path: "settings", found, needed, fix }]);
  const keys = ((): unknown => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof YAMLParseError)) throw error;
      throw refuse(`no YAML (${error.code}, line ${error.linePos?.[0].line ?? 1})`, "mend that line");
    }
  })();
  if (keys === null) return {};
  if (typeof keys !== "object" || Array.isArray(keys)) throw refuse("no group of keys", "write `key: value`");
  const own = Object.keys(keys).filter((key) => key === "platform" || plainKeys.some((plain) => plain === key));
  if (own.length > 0) throw refuse(`the keys ${own.join(", ")}`, "give them as arguments of their own");
  const others = Object.keys(keys).filter((key) => elsewhere.includes(key));
  if (others.length > 0)
    throw refuse(`the keys ${others.join(", ")}`, "use the components of their own, in a program in TypeScript");
  return keys;
}

/**
 * Plans what `ServedCluster` makes.
 * @throws ProfileError with every fault of the plain arguments
 */
export function planServed(stack: string, args: ServedClusterArgs): ExistingPlan {
  const faults = undecided(args);
  if (faults.length > 0) throw new ProfileError(faults);
  const { pools, models, network, ingress } = args;
  return planKeys(stack, { ...settingsOf(args.settings), pools, models, network, ingress }, process.cwd());
}
