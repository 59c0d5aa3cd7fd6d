/**
 * A program inline breaks outside of its own call when it throws in an output. The SDK (3.235.0) only notes that: what waits for
 * such an output waits for ever, as neither it nor a resource made from it is ever settled, and the engine waits for the program.
 */
import { isGrpcError } from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation";

/** A program, watched while the engine runs it. */
export class WatchedProgram {
  /** What the program threw first, in its call or in an output. */
  error: unknown;
  private readonly broken = new AbortController();

  constructor(private readonly program: PulumiFn) {}

  /** To be handed to the engine. */
  readonly run: PulumiFn = async () => {
    try {
      return await this.program();
    } catch (error) {
      this.error ??= error;
      throw error;
    }
  };

  /**
   * Does `work`, the operation of the engine that runs the program; `signal` is to end it, once an output breaks.
   * @throws what `work` throws
   */
  async during<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    // Of the engine's end, and no fault of the program's.
    const note = (error: unknown): void => {
      if (error instanceof Error && isGrpcError(error)) return;
      this.error ??= error;
      this.broken.abort();
    };
    process.on("unhandledRejection", note);
    try {
      return await work(this.broken.signal);
    } finally {
      process.off("unhandledRejection", note);
    }
  }
}
