/** How a local command speaks: progress on stderr (shown live by the engine), its one result on stdout. */

const started = Date.now();

/** Says what is going on now; people see it while they wait. */
export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Whole seconds since this command began. */
export function elapsedSeconds(): number {
  return Math.round((Date.now() - started) / 1000);
}

/** The command's result, which becomes the resource's `stdout`. Sorted keys: the same result is the same text. */
export function result(value: Readonly<Record<string, string | number>>): void {
  const sorted = Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  process.stdout.write(JSON.stringify(sorted));
}

/** A fault the user can mend: printed as it stands, without a stack trace. */
export class LocalError extends Error {
  override readonly name = "LocalError";
}

/** The four fields every fault of a local command has, in the form of `config/errors.ts`. */
export function localError(fault: { checked: string; found: string; needed: string; fix: string }): LocalError {
  return new LocalError(`${fault.checked}\n  found: ${fault.found}\n  needed: ${fault.needed}\n  fix: ${fault.fix}`);
}
