/** `npm run plan`: what was asked for, as text, JSON or a picture. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { ProfileError } from "../../config/errors";
import type { Hardware } from "../../plan/cluster/hardware";
import { explainPlan } from "../../plan/explain";
import { explainComparison } from "../../plan/explain/compare";
import { explainCluster } from "../../plan/explain/serving";
import { viewOfPlan, type ClusterView } from "../../plan/explain/view";
import { planPicture } from "../../plan/picture";
import type { ClusterPlan } from "../../plan/plan";
import { userDirectory } from "../house";
import { parseGpus } from "./gpus";
import { jsonSchema, toJson } from "./json";
import { givenShape, type GivenModel } from "./model";
import { checkOptions, wantedOf, type PlanOptions } from "./options";
import { planOfStack } from "./stack";
import { paintFor, widthFor } from "./terminal";
import { together, UsageError } from "./usage";
import { compareVariants, whatIf } from "./whatIf";

/** What came of a command: its text, and faults when it does not fit. */
interface Answer {
  /** For stdout, without the last line break. */
  readonly text: string;
  readonly error?: Error;
}

/** Where it is printed to. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

const doesNotFit = "It does not fit";

/** Faults as JSON too, for who asked for it. */
const refused = (error: ProfileError, { json }: PlanOptions): Answer => ({
  text: json === true ? toJson("faults", false, { faults: error.faults }) : "",
  error,
});

/** The stages after the cluster are manifests in all but form: a preview shows them. */
const withoutStages = (plan: ClusterPlan): object =>
  Object.fromEntries(Object.entries(plan).filter(([key]) => key !== "stages"));

function writePicture(view: ClusterView, file: string): string {
  const path = resolve(userDirectory(), file);
  try {
    writeFileSync(path, planPicture(view));
  } catch (error) {
    const found = `${path}, which cannot be written (${error instanceof Error ? error.message : String(error)})`;
    const fix = "name a file in a directory that is there";
    throw new UsageError([{ path: "--svg", found, needed: "a file to write", fix }]);
  }
  return path;
}

/** A cluster as text or JSON, and its picture where one is asked for. */
function shown(view: ClusterView, json: () => string, options: PlanOptions, out: Terminal): Answer {
  const picture = options.svg === undefined ? "" : writePicture(view, options.svg);
  if (options.json === true) return { text: json() };
  const text = explainCluster(view, { width: widthFor(out), why: options.why === true, paint: paintFor(out) });
  return { text: picture === "" ? text : `${text}\n\npicture: ${picture}` };
}

/** GPUs and models from the command line. */
const asked = ({ gpus = [], model = [] }: PlanOptions): readonly [Hardware, readonly GivenModel[]] =>
  together(
    () => parseGpus(gpus),
    () => model.map((text) => givenShape(text)),
  );

function compare(options: PlanOptions, out: Terminal): Answer {
  const [hardware, [model]] = asked(options);
  const all = model === undefined ? [] : compareVariants(model, hardware, wantedOf(options));
  const fits = all.some(({ plan }) => plan !== undefined);
  const models = all.map(({ shape, plan, faults }) => ({ model: shape.id, fits: plan !== undefined, plan, faults }));
  const text =
    options.json === true
      ? toJson("comparison", fits, { hardware, models })
      : explainComparison(all, hardware, { width: widthFor(out), paint: paintFor(out) });
  return fits
    ? { text }
    : {
        text,
        error: new ProfileError(
          all.flatMap(({ faults }) => faults),
          doesNotFit,
        ),
      };
}

function what(options: PlanOptions, out: Terminal): Answer {
  const [hardware, models] = asked(options);
  const { serving, faults } = whatIf(models, hardware, wantedOf(options));
  if (faults.length > 0) return refused(new ProfileError(faults, doesNotFit), options);
  const view = { title: "what-if", hardware, serving, warnings: [] };
  return shown(view, () => toJson("what-if", true, { hardware, serving, warnings: [] }), options, out);
}

function ofStack(stack: string, options: PlanOptions, out: Terminal): Answer {
  const plan = planOfStack(stack);
  if (plan.platform !== "local")
    return shown(viewOfPlan(plan), () => toJson("cluster", true, withoutStages(plan)), options, out);
  if (options.svg !== undefined) {
    const needed = "a stack with a cluster";
    throw new UsageError([
      { path: "--svg", found: `stack ${stack}, which is this machine`, needed, fix: "leave out --svg" },
    ]);
  }
  return { text: options.json === true ? toJson("local", true, plan) : explainPlan(plan) };
}

/**
 * Answers a command line.
 * @throws UsageError when it cannot be understood
 */
export function answer(options: PlanOptions, out: Terminal): Answer {
  checkOptions(options);
  if (options.jsonSchema === true) return { text: JSON.stringify(jsonSchema(), undefined, 2) };
  try {
    if (options.stack !== undefined) return ofStack(options.stack, options, out);
    return options.compare === true ? compare(options, out) : what(options, out);
  } catch (error) {
    if (error instanceof ProfileError) return refused(error, options);
    throw error;
  }
}
