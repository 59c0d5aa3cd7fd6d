/** The support archive: what a helper needs to know, as one gzipped text without secrets. */
import { arch, platform, release, totalmem } from "node:os";
import { gzipSync } from "node:zlib";
import { versions } from "../../catalog/versions";
import { explainPlan } from "../../plan/explain";
import type { Plan } from "../../plan/types";
import { noPaint } from "../preview/paint";
import type { Report } from "./findings";
import type { Redactor } from "./redact";
import { explainReport } from "./text";

/** What goes in. */
export interface Bundled {
  readonly report: Report;
  readonly plan: Plan;
  /** Text of the stack file. */
  readonly stackFile: string;
  /** Names of secrets that were not readable, so that only their form could be looked for. */
  readonly hidden: readonly string[];
}

/** Characters in a line. */
const width = 120;

const machine = (): string => {
  const gib = Math.round(totalmem() / 2 ** 30);
  const own = { node: process.version, platform: `${platform()} ${arch()} ${release()}`, memoryGib: String(gib) };
  return Object.entries({ ...own, ...versions })
    .map(([name, value]) => `${name.padEnd(18)} ${value}`)
    .join("\n");
};

/** The archive's text, without any secret. */
export function bundleText({ report, plan, stackFile, hidden }: Bundled, redact: Redactor): string {
  const logs = report.layers.flatMap((layer) => layer.logs);
  const notes = [
    "Secrets were replaced by <redacted>; names, addresses and host names were not. Read it before you hand it on.",
    ...(hidden.length === 0 ? [] : [`Not readable here, so looked for by their form alone: ${hidden.join(", ")}.`]),
  ];
  const sections: readonly (readonly [name: string, text: string])[] = [
    ["about", notes.join("\n")],
    ["findings", explainReport(report, { width, paint: noPaint })],
    ["versions", machine()],
    ["plan", explainPlan(plan, { width })],
    [`Pulumi.${report.stack}.yaml`, stackFile],
    ["logs", logs.map(({ of, lines }) => [`--- ${of}`, ...lines].join("\n")).join("\n") || "none"],
    ["report.json", JSON.stringify(report, undefined, 2)],
  ];
  return sections.map(([name, text]) => `===== ${name} =====\n${redact.all(text).trimEnd()}\n`).join("\n");
}

/** The archive: gzipped text, for `zcat`. */
export const bundle = (what: Bundled, redact: Redactor): Buffer => gzipSync(bundleText(what, redact));
