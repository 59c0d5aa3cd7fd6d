/** A fault of the user's or of their machine: a front end prints the message alone, without a stack trace. */
export class UserError extends Error {
  override readonly name: string = "UserError";
}

/** One thing wrong with the stack configuration. No field ever holds a secret value. */
export interface Fault {
  /** Where: `models[0].contextTokens`, as it is written in the stack file without the namespace. */
  readonly path: string;
  /** What is there now, with its unit. */
  readonly found: string;
  /** What would be accepted. */
  readonly needed: string;
  /** What to do about it, as an instruction. */
  readonly fix: string;
}

/** A fault on one line: `<path>: found <..>; expected <..>; fix: <..>`. */
export function formatFault(fault: Fault): string {
  return `${fault.path}: found ${fault.found}; expected ${fault.needed}; fix: ${fault.fix}`;
}

/** The stack cannot be made as it is configured, or not here. Carries every fault that was found, so that one edit can mend them all. */
export class ProfileError extends UserError {
  override readonly name: string = "ProfileError";
  readonly faults: readonly Fault[];

  /**
   * @param faults at least one; sorted by nothing: the order in which they were found is the order of the file.
   * @param title what they are, before a colon. @default "The stack configuration has <n> faults"
   */
  constructor(faults: readonly Fault[], title?: string) {
    const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
    const heading = title ?? `The stack configuration has ${count}`;
    super(`${heading}:\n${faults.map((fault) => `  ${formatFault(fault)}`).join("\n")}`);
    this.faults = faults;
  }
}
