/** Users who ask without a pause, each streamed answer after the other, and what came of every request. */
import { setTimeout as sleep } from "node:timers/promises";
import type { User } from "../user";
import type { FaultContext } from "./fault";

/** A request; its times are those of performance.now(), in ms. */
export interface Asked {
  readonly began: number;
  readonly ended: number;
  /** Why there was no whole answer. */
  readonly fault?: string;
}

/** Requests at the same time. */
const lanes = 4;
const answerTokens = 16;
/** Between two requests of a lane, in ms: the two cores have more to do. */
const PAUSE_MS = 100;
/** Between two logins, in ms: a password is dear to check. */
const LOGIN_MS = 5_000;

export class Load {
  readonly asked: Asked[] = [];
  /** Every token that was given, in their order. */
  readonly tokens: string[] = [];
  private isEnding = false;
  private running: readonly Promise<void>[] = [];

  private constructor(
    private readonly user: User,
    private readonly model: string,
  ) {}

  /** Resolves once the load is on. */
  static async start({ lab, endpoint, model }: Pick<FaultContext, "lab" | "endpoint" | "model">): Promise<Load> {
    const load = new Load(lab.user(endpoint), model);
    load.tokens.push(await load.user.login());
    // The first lane keeps the token that it began with: nobody is to be logged out.
    const first = (): string => load.tokens[0] ?? "";
    const newest = (): string => load.tokens.at(-1) ?? "";
    const asking = Array.from({ length: lanes }, (_, lane) => load.lane(lane === 0 ? first : newest));
    load.running = [...asking, load.logins()];
    await load.answers(lanes);
    return load;
  }

  private async note(work: () => Promise<unknown>): Promise<void> {
    const began = performance.now();
    const fault = await work().then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : String(error)),
    );
    this.asked.push({ began, ended: performance.now(), ...(fault === undefined ? {} : { fault }) });
  }

  private async lane(token: () => string): Promise<void> {
    while (!this.isEnding) {
      await this.note(async () => {
        const answer = await this.user.chat(token(), this.model, answerTokens);
        if (answer.finishReason !== "length") throw new Error(`the answer ended by "${answer.finishReason}"`);
      });
      await sleep(PAUSE_MS);
    }
  }

  private async logins(): Promise<void> {
    while (!this.isEnding) {
      await this.note(async () => this.tokens.push(await this.user.login()));
      for (let waited = 0; waited < LOGIN_MS && !this.isEnding; waited += PAUSE_MS) await sleep(PAUSE_MS);
    }
  }

  /** Resolves after so many more requests, whatever came of them. */
  async answers(count: number): Promise<void> {
    const until = this.asked.length + count;
    while (this.asked.length < until) await sleep(20);
  }

  get failed(): readonly Asked[] {
    return this.asked.filter(({ fault }) => fault !== undefined);
  }

  /** Ends it; what is in flight is waited for. */
  async end(): Promise<void> {
    this.isEnding = true;
    await Promise.all(this.running);
    await this.user.close();
  }
}

/** Under load from the beginning to the end of `work`. */
export async function underLoad<T>(context: FaultContext, work: (load: Load) => Promise<T>): Promise<T> {
  const load = await Load.start(context);
  try {
    return await work(load);
  } finally {
    await load.end();
  }
}
