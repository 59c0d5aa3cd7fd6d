/** What a change starts from: the stack file of another commit, or another file. Read, never checked out. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { ProfileError, UserError } from "../../config/errors";
import { profileFromYaml } from "../../config/stackFile";
import { factsFor } from "../../local/facts";
import { makePlan } from "../../plan/plan";
import { house, userDirectory, type House } from "../house";
import type { Base } from "./compare";
import { settingsIn } from "./settings";
import { usersOf, type GatewayUser } from "./users";
import { verdictOf } from "./verdict";

/** Where it is looked for; nothing given: nowhere. */
export interface BaseQuestion {
  readonly stack: string;
  /** `--base`: a branch, tag or commit; the file is that of the merge base with HEAD. */
  readonly ref?: string | undefined;
  /** `--base-file`. */
  readonly file?: string | undefined;
}

/** A stack file that was found, or was not there. */
interface BaseFile {
  readonly from: string;
  readonly text?: string;
}

const refuse = (path: string, found: string, needed: string, fix: string): ProfileError =>
  new ProfileError([{ path, found, needed, fix }], "The change cannot be compared");

/** Undefined when git says no. */
function git(at: House, ...args: readonly string[]): string | undefined {
  try {
    return execFileSync("git", [...args], { cwd: at.checkout, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return undefined;
  }
}

/**
 * The commit that HEAD and a branch have in common: what came to the branch since is no part of the change.
 * @throws ProfileError when there is no such commit
 */
export function mergeBase(ref: string, at: House = house): string {
  const commit = git(at, "rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`)?.trim();
  if (commit === undefined) {
    const fix = "fetch it (`git fetch origin main`), or name another commit";
    throw refuse("--base", `"${ref}"`, "a branch, tag or commit of this repository", fix);
  }
  const common = git(at, "merge-base", commit, "HEAD")?.trim();
  if (common !== undefined) return common;
  const fix = "clone with the whole history (actions/checkout: `fetch-depth: 0`), or use --base-file";
  throw refuse("--base", `${ref}, which has no commit in common with HEAD here`, "a common history", fix);
}

/** Files of the change since a commit, from the checkout's root; those of the working tree are in it. */
export function changedFiles(ref: string, at: House = house): readonly string[] {
  const common = mergeBase(ref, at);
  const committed = git(at, "diff", "--name-only", "--no-renames", "--relative", "-z", common) ?? "";
  const fresh = git(at, "ls-files", "--others", "--exclude-standard", "-z") ?? "";
  return [...new Set(`${committed}\0${fresh}`.split("\0"))].filter((file) => file !== "").sort();
}

function fileOf({ stack, ref, file }: BaseQuestion, at: House): BaseFile | undefined {
  if (file !== undefined) {
    const path = resolve(userDirectory(), file);
    if (existsSync(path)) return { from: file, text: readFileSync(path, "utf8") };
    throw refuse("--base-file", `${path}, which is not there`, "a stack file", "check the path");
  }
  if (ref === undefined) return undefined;
  // "./": the checkout may be a folder of a larger repository.
  const text = git(at, "show", `${mergeBase(ref, at)}:./Pulumi.${stack}.yaml`);
  return { from: ref, ...(text === undefined ? {} : { text }) };
}

/** The plan that the file had, made by this version of the planner. */
function plannedBase(stack: string, { from, text }: BaseFile, at: House): Base {
  if (text === undefined) return { from, kind: "absent" };
  try {
    const profile = profileFromYaml(text, stack);
    return { from, kind: "planned", verdict: verdictOf(makePlan(profile, factsFor(profile, at.checkout))) };
  } catch (error) {
    if (error instanceof ProfileError) return { from, kind: "refused", faults: error.faults };
    if (!(error instanceof UserError)) throw error;
    const fault = { path: `Pulumi.${stack}.yaml`, found: error.message, needed: "a stack file", fix: "none needed" };
    return { from, kind: "refused", faults: [fault] };
  }
}

/** What was found. */
export interface FoundBase {
  readonly base: Base;
  /** Users of the gateway then; absent where they could not be read. */
  readonly users?: readonly GatewayUser[] | undefined;
  /** Encrypted text of each secret of ours. */
  readonly sealed?: Readonly<Record<string, string>>;
}

/**
 * What a change starts from; undefined where nobody asked.
 * @param env holds the stack's passphrase; undefined where there is none
 * @throws ProfileError when there is no such commit or file
 */
export async function findBase(
  question: BaseQuestion,
  env: NodeJS.ProcessEnv | undefined,
  at: House = house,
): Promise<FoundBase | undefined> {
  const found = fileOf(question, at);
  if (found === undefined) return undefined;
  const base = plannedBase(question.stack, found, at);
  if (found.text === undefined || base.kind === "refused") return { base };
  const settings = await settingsIn(found.text, `Pulumi.${question.stack}.yaml (${found.from})`, env, at);
  return { base, users: usersOf(settings.secrets), sealed: settings.sealed };
}
