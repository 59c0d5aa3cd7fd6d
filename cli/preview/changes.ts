/** What an `up` would do, as plain data: from the engine's steps and the plan. Pure; every output is made from this. */
import type { PreviewStep, PropertyChange, StackPreview } from "../../engine/preview";
import type { HostPlan } from "../../plan/hosts";
import { compareModels, type Base, type ComparedModel } from "./compare";
import { dangersIn, worstFirst, type Danger } from "./danger";
import type { StageFacts } from "./facts";
import type { HostLook } from "./look";
import { notesIn } from "./notes";
import { passesOf, type Passes } from "./passes";
import { reachOf, type Reach } from "./reach";
import { toldOf } from "./rules";
import { isUndecided, undecidedDangers, undecidedNotes } from "./undecided";
import type { Known } from "./rules/rule";
import { stageOf, stageOrder, thingOf, type StageId, type Thing } from "./stages";
import type { Verdict } from "./verdict";

/** Goes up when a field changes its meaning or is taken away; not when one is added. */
export const changesVersion = 1;

/** What happens to a resource; what is only looked at is none of these. */
export const operations = ["create", "update", "replace", "delete"] as const;
export type Operation = (typeof operations)[number];

/** One resource that is not as it would be. */
export interface ResourceChange {
  readonly op: Operation;
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly stage: StageId;
  /** What it is about; absent for what only holds others. */
  readonly thing?: Thing;
  /** Refuses to be deleted. */
  readonly protect: boolean;
  /** For an update and a replacement. */
  readonly changed: readonly PropertyChange[];
  /** What it opens, or opened where it goes. */
  readonly reach?: Reach;
  /** What a NetworkPolicy lets through that it did not, and no longer. */
  readonly passes?: Passes;
}

/** One stage that changes. */
export interface StageChanges {
  readonly stage: StageId;
  readonly changes: readonly ResourceChange[];
}

export type Counts = Readonly<Record<Operation | "same", number>>;

/** What it was compared with. */
export interface Compared {
  /** Where the recorded state is; absent where there is none. */
  readonly state?: string;
  /** Resources in it. */
  readonly resources: number;
  /** Its secrets could not be opened. @default false */
  readonly hidden?: boolean;
  /** Secrets that were not set or could not be read: placeholders stood for them. */
  readonly secretPlaceholders: readonly string[];
  /** Other keys that a bring-up needs and the stack file does not have; placeholders too. */
  readonly keyPlaceholders: readonly string[];
  /** Providers that stood in for official plugins. */
  readonly standIns: readonly string[];
}

/** Plain data, printable as JSON. Holds no secret: the engine hands none out. */
export interface Changes {
  readonly version: typeof changesVersion;
  readonly stack: string;
  /** Of the plan as it would be. */
  readonly verdict: Verdict;
  /** What the change starts from, where it was asked for. */
  readonly base?: Base;
  /** The models, before and after where there is a base. */
  readonly models: readonly ComparedModel[];
  readonly compared: Compared;
  /** What may hurt, the worst first. */
  readonly dangers: readonly Danger[];
  /** What to know; nothing that hurts. */
  readonly notes: readonly string[];
  readonly stages: readonly StageChanges[];
  /** What was found on the hosts, where it was asked to look. */
  readonly looks?: readonly HostLook[];
  /** Resources, without the stack itself. */
  readonly counts: Counts;
  /** Resources that show as changed, and of which only the up will know whether they are; in no stage and no other count. */
  readonly undecided: number;
  /** Of the engine and its providers. */
  readonly warnings: readonly string[];
}

/** What the changes are made from besides the engine's answer. */
export interface Context {
  readonly stack: string;
  readonly verdict: Verdict;
  readonly compared: Compared;
  /** Of a stack on Proxmox. */
  readonly hosts: readonly HostPlan[];
  /** @default nobody looked */
  readonly looks?: readonly HostLook[] | undefined;
  readonly base?: Base | undefined;
  /** Of the plan as it would be; absent on this machine. */
  readonly facts?: StageFacts | undefined;
  readonly users?: Known["users"];
  readonly changedSecrets?: Known["changedSecrets"];
}

const isOperation = (op: string): op is Operation => operations.some((one) => one === op);

function changeOf(step: PreviewStep): readonly ResourceChange[] {
  // What is imported is new to the stack.
  const op = step.op === "import" ? "create" : step.op;
  if (!isOperation(op)) return [];
  const { urn, type, name, protect, changed } = step;
  const { before, after } = step.whole ?? {};
  const [thing, reach, passes] = [thingOf(step), reachOf(after ?? before), passesOf(before, after)];
  const more = {
    ...(thing === undefined ? {} : { thing }),
    ...(reach === undefined ? {} : { reach }),
    ...(passes === undefined ? {} : { passes }),
  };
  return [{ op, urn, type, name, stage: stageOf(urn), protect, changed, ...more }];
}

function countsOf(steps: readonly PreviewStep[], changes: readonly ResourceChange[]): Counts {
  const of = (op: Operation): number => changes.filter((change) => change.op === op).length;
  const same = steps.filter(({ op }) => op === "same").length;
  return { create: of("create"), update: of("update"), replace: of("replace"), delete: of("delete"), same };
}

/** The changes of one stack. */
export function changesOf({ steps, warnings }: StackPreview, context: Context): Changes {
  const { stack, verdict, compared, hosts, looks, base, facts, users, changedSecrets } = context;
  const everything = steps.flatMap(changeOf);
  const hidden = compared.hidden ?? false;
  const undecided = everything.filter((change) => isUndecided(change, hidden));
  const all = everything.filter((change) => !isUndecided(change, hidden));
  const models = compareModels(base?.kind === "planned" ? base.verdict : undefined, verdict);
  const told = toldOf(all, { first: compared.resources === 0, hidden, facts, users, changedSecrets });
  const stages = stageOrder
    .map((stage) => ({ stage, changes: all.filter((change) => change.stage === stage) }))
    .filter(({ changes }) => changes.length > 0);
  return {
    version: changesVersion,
    stack,
    verdict,
    ...(base === undefined ? {} : { base }),
    models,
    compared,
    dangers: worstFirst([
      ...dangersIn(all, hosts, looks),
      ...undecidedDangers(undecided, models, facts),
      ...(told.dangers ?? []),
    ]),
    notes: [...notesIn(all, hosts, looks), ...(told.notes ?? []), ...undecidedNotes(undecided)],
    stages,
    ...(looks === undefined ? {} : { looks }),
    counts: countsOf(steps, all),
    undecided: undecided.length,
    warnings,
  };
}

/** Exit code for checks: 0 no changes, 2 changes, 3 dangerous ones; 1 is a fault, also one of a host that was looked at. */
export function exitCodeOf({ counts, dangers, looks }: Pick<Changes, "counts" | "dangers" | "looks">): 0 | 1 | 2 | 3 {
  if (looks?.some(({ faults }) => faults.length > 0) === true) return 1;
  if (dangers.length > 0) return 3;
  return counts.create + counts.update + counts.replace + counts.delete > 0 ? 2 : 0;
}
