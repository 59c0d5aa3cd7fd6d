/** The same failure, with what was being done before it. */
export const failureOf = (doing: string, error: unknown): Error =>
  new Error(`${doing}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });

/** Runs `work`; its failure says what was being done. */
export async function during<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw failureOf(doing, error);
  }
}
