/** `npm run doctor`: what was asked for, as text or JSON, and the support archive. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { house, userDirectory, type House } from "../house";
import type { Terminal } from "../plan/run";
import { widthFor } from "../plan/terminal";
import { UsageError } from "../plan/usage";
import { paintFor } from "../preview/paint";
import { bundle } from "./bundle";
import { diagnose } from "./diagnose";
import { exitCodeOf, type Report } from "./findings";
import { tableOf } from "./layers";
import { openStack, type Opened } from "./open";
import { stackIn, type DoctorOptions } from "./options";
import { mapTexts, redactor, type Redactor } from "./redact";
import { explainReport, verdictOf } from "./text";

/** What came of a command. */
export interface Answer {
  /** For stdout, without the last line break. */
  readonly text: string;
  readonly exitCode: 0 | 1 | 2;
}

/** Every secret that this run has seen. */
function secretsOf({ secrets, kubeconfig }: Opened): readonly string[] {
  return [...Object.values(secrets), ...(kubeconfig.kind === "given" ? [kubeconfig.text] : [])];
}

function writeBundle(file: string, report: Report, { plan, stackFile, hidden }: Opened, redact: Redactor): string {
  const path = resolve(userDirectory(), file);
  try {
    writeFileSync(path, bundle({ report, plan, stackFile, hidden }, redact), { mode: 0o600 });
  } catch (error) {
    const found = `${path}, which cannot be written (${error instanceof Error ? error.message : String(error)})`;
    const fix = "name a file in a directory that is there";
    throw new UsageError([{ path: "--bundle", found, needed: "a file to write", fix }]);
  }
  return path;
}

/**
 * Answers a command line.
 * @throws UserError where the stack cannot be looked at as a whole
 */
export async function answer(
  options: DoctorOptions,
  out: Terminal,
  progress: (line: string) => void,
  at: House = house,
): Promise<Answer> {
  const stack = stackIn(options);
  const opened = await openStack(stack, options, process.env, at);
  const redact = redactor(secretsOf(opened));
  const table = tableOf(opened, { options, env: process.env, at, clean: redact.certain });
  try {
    const seen = await diagnose(table.layers, progress);
    // What others say of themselves may hold anything.
    const layers = mapTexts(seen, redact.certain);
    const report: Report = { stack, platform: opened.plan.platform, layers };
    const path = options.bundle === undefined ? undefined : writeBundle(options.bundle, report, opened, redact);
    if (path !== undefined) progress(`written: ${path}, without secrets: read it before you hand it on`);
    const exitCode = exitCodeOf(report);
    if (options.json === true) {
      return { text: JSON.stringify({ ...report, verdict: verdictOf(report) }, undefined, 2), exitCode };
    }
    return { text: explainReport(report, { width: widthFor(out), paint: paintFor(out) }), exitCode };
  } finally {
    table.close();
  }
}
