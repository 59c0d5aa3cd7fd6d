/** `npm run chat -- "Hello"`: asks the model and prints its answer as it comes. */
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { Command } from "commander";
import { request } from "undici";
import * as z from "zod";
import { UserError } from "../config/errors";
import { runCommand } from "./command";
import { signIn } from "./running";

const modelList = z.object({ data: z.array(z.object({ id: z.string() })).min(1) });
const chunk = z.object({ choices: z.array(z.object({ delta: z.object({ content: z.string().nullish() }) })) });

async function firstModel(gateway: string, token: string): Promise<string> {
  const answer = await request(`${gateway}/v1/models`, { headers: { authorization: `Bearer ${token}` } });
  return modelList.parse(await answer.body.json()).data[0]?.id ?? "";
}

async function printAnswer(body: Readable): Promise<void> {
  for await (const line of createInterface({ input: body })) {
    const data = /^data: (?!\[DONE\])(.*)$/.exec(line)?.[1];
    if (data === undefined) continue;
    const parsed = chunk.safeParse(JSON.parse(data));
    if (parsed.success) process.stdout.write(parsed.data.choices[0]?.delta.content ?? "");
  }
  process.stdout.write("\n");
}

async function chat(prompt: string, options: { model?: string; maxTokens: string }): Promise<void> {
  const { gateway, token } = await signIn();
  const answer = await request(`${gateway}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({
      model: options.model ?? (await firstModel(gateway, token)),
      messages: [{ role: "user", content: prompt }],
      max_tokens: Number(options.maxTokens),
      stream: true,
    }),
    headersTimeout: 120_000,
    bodyTimeout: 120_000,
  });
  if (answer.statusCode !== 200) {
    throw new UserError(
      `the model does not answer (status ${answer.statusCode})\n  found: ${await answer.body.text()}`,
    );
  }
  await printAnswer(answer.body);
}

const program = new Command("npm run chat --")
  .argument("<prompt>", "what to say")
  .option("--model <name>", "served model name (default: the first one)")
  .option("--max-tokens <n>", "longest answer in tokens", "64")
  .action((prompt: string, options: { model?: string; maxTokens: string }) => runCommand(() => chat(prompt, options)));
void program.parseAsync();
