/** A user of the API, as people are: a name and a password, the address that the stack told, and the official client. */
import { performance } from "node:perf_hooks";
import OpenAI from "openai";
import { Agent, fetch, type RequestInfo, type RequestInit } from "undici";
import { z } from "zod";

export interface UserOptions {
  /** Base URL that the stack's output says: "https://llm.lan/v1". */
  readonly endpoint: string;
  /** Address behind its name, as a name server would tell. */
  readonly address: string;
  /** PEM of the CA that the site's machines trust. */
  readonly ca: string;
  readonly name: string;
  readonly password: string;
}

/** An answer as it came. */
export interface Answer {
  readonly text: string;
  /** Chunks with words in them. */
  readonly chunks: number;
  /** Seconds from the request to the first of them, and to the end. */
  readonly firstTokenSeconds: number;
  readonly seconds: number;
  readonly finishReason: string;
}

const tokenSchema = z.object({ access_token: z.string(), token_type: z.string() });

export class User {
  private readonly agent: Agent;

  constructor(private readonly options: UserOptions) {
    const { address, ca } = options;
    this.agent = new Agent({ connect: { ca, lookup: (_host, _how, done) => done(null, [{ address, family: 4 }]) } });
  }

  close(): Promise<void> {
    return this.agent.close();
  }

  private fetch(url: RequestInfo, init: RequestInit = {}): ReturnType<typeof fetch> {
    return fetch(url, { ...init, dispatcher: this.agent });
  }

  /** Logs in. @throws Error with what the gateway says */
  async login(): Promise<string> {
    const { endpoint, name, password } = this.options;
    const form = new URLSearchParams({ grant_type: "password", username: name, password });
    const answer = await this.fetch(new URL("/token", endpoint).href, { method: "POST", body: form });
    if (!answer.ok) throw new Error(`/token answered ${answer.status}: ${await answer.text()}`);
    return tokenSchema.parse(await answer.json()).access_token;
  }

  /** Asks for a streamed answer of so many tokens. */
  async chat(token: string, model: string, maxTokens: number): Promise<Answer> {
    const client = new OpenAI({
      apiKey: token,
      baseURL: this.options.endpoint,
      maxRetries: 0,
      // The client's own type is that of the platform's fetch, which this one is.
      fetch: ((url: RequestInfo, init?: RequestInit) => this.fetch(url, init)) as unknown as typeof globalThis.fetch,
    });
    const began = performance.now();
    const seconds = (): number => (performance.now() - began) / 1000;
    const messages = [{ role: "user" as const, content: "Hello" }];
    const stream = await client.chat.completions.create({ model, messages, max_tokens: maxTokens, stream: true });
    const parts: string[] = [];
    let firstTokenSeconds = Number.NaN;
    let finishReason = "";
    for await (const { choices } of stream) {
      const [choice] = choices;
      const words = choice?.delta.content ?? "";
      if (words !== "" && parts.length === 0) firstTokenSeconds = seconds();
      if (words !== "") parts.push(words);
      finishReason = choice?.finish_reason ?? finishReason;
    }
    return { text: parts.join(""), chunks: parts.length, firstTokenSeconds, seconds: seconds(), finishReason };
  }
}
