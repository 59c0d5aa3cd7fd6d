/** Mistakes on the command line: told like faults of a stack file, and another exit code. */
import { formatFault, UserError, type Fault } from "../../config/errors";

/** What was typed cannot be understood. Carries every fault, so that one edit can mend them all. */
export class UsageError extends UserError {
  override readonly name: string = "UsageError";

  constructor(readonly faults: readonly Fault[]) {
    super(faults.map(formatFault).join("\n"));
  }
}

/** Both results. @throws UsageError with the faults of both sides, so that one edit can mend them all */
export function together<A, B>(one: () => A, other: () => B): readonly [A, B] {
  const faults: Fault[] = [];
  const tried = <T>(body: () => T): { readonly value: T } | undefined => {
    try {
      return { value: body() };
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      faults.push(...error.faults);
      return undefined;
    }
  };
  const a = tried(one);
  const b = tried(other);
  if (a === undefined || b === undefined) throw new UsageError(faults);
  return [a.value, b.value];
}
