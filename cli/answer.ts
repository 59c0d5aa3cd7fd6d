/** Talks to the gateway as a client does, with the user's words for what can go wrong. */
import type { Readable } from "node:stream";
import { InvalidArgumentError } from "commander";
import { request } from "undici";
import * as z from "zod";
import { UserError } from "../config/errors";

const modelList = z.object({ data: z.array(z.object({ id: z.string() })).min(1) });
const chunk = z.object({ choices: z.array(z.object({ delta: z.object({ content: z.string().nullish() }) })) });
const failure = z.object({ error: z.unknown() });
const worded = z.object({ error: z.object({ message: z.string() }) });

/** What may help, by status. */
const fixes: Readonly<Record<number, string>> = {
  401: "run `npm start`: it repairs",
  429: "wait a minute, or raise requestsPerMinute or concurrencyPerUser under tokenrack:gateway in the stack file",
};

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The words of an error in OpenAI's form; else the text as it is. */
function words(text: string): string {
  const result = worded.safeParse(parsed(text));
  return result.success ? result.data.error.message : text.slice(0, 300);
}

/** An answer that is none. */
export function refusal(what: string, status: number, body: string): UserError {
  const fix = fixes[status];
  return new UserError(
    `${what} (status ${status})\n  found: ${words(body)}${fix === undefined ? "" : `\n  fix: ${fix}`}`,
  );
}

/** Name of the first model that is served. @throws UserError when the gateway does not say */
export async function firstModel(gateway: string, token: string): Promise<string> {
  const answer = await request(`${gateway}/v1/models`, { headers: { authorization: `Bearer ${token}` } });
  const body = await answer.body.text();
  const list = modelList.safeParse(parsed(body));
  if (answer.statusCode !== 200 || !list.success) {
    throw refusal("the gateway does not list its models", answer.statusCode, body);
  }
  return list.data.data[0]?.id ?? "";
}

/** Writes what one line of the stream says. @throws UserError when it says that the answer failed */
function writeLine(line: string, write: (text: string) => void): void {
  const data = /^data: ?(?!\[DONE\])(.*)$/.exec(line)?.[1];
  if (data === undefined) return;
  const content = parsed(data);
  if (failure.safeParse(content).success) throw new UserError(`the answer broke off\n  found: ${words(data)}`);
  const result = chunk.safeParse(content);
  if (result.success) write(result.data.choices[0]?.delta.content ?? "");
}

/** Writes an answer as it comes. @throws UserError when it breaks off */
export async function printAnswer(body: Readable, write: (text: string) => void): Promise<void> {
  let rest = "";
  try {
    for await (const part of body.setEncoding("utf8")) {
      const lines = `${rest}${String(part)}`.split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) writeLine(line, write);
    }
    writeLine(rest, write);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`the answer broke off\n  found: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    write("\n");
  }
}

/** A number of tokens from the command line. @throws InvalidArgumentError unless it is a whole number >= 1 */
export function tokenCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("It must be a whole number, 1 or more.");
  return Number(text);
}
