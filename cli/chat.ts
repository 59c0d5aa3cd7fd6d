/** `npm run chat -- "Hello"`: asks the model and prints its answer as it comes. */
import { Command } from "commander";
import { request } from "undici";
import { firstModel, printAnswer, refusal, tokenCount } from "./answer";
import { runCommand } from "./command";
import { signIn } from "./running";

interface Options {
  readonly model?: string;
  readonly maxTokens: number;
}

async function chat(prompt: string, options: Options): Promise<void> {
  const { gateway, token } = await signIn();
  const answer = await request(`${gateway}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({
      model: options.model ?? (await firstModel(gateway, token)),
      messages: [{ role: "user", content: prompt }],
      max_tokens: options.maxTokens,
      stream: true,
    }),
    headersTimeout: 120_000,
    bodyTimeout: 120_000,
  });
  if (answer.statusCode !== 200) {
    throw refusal("the model does not answer", answer.statusCode, await answer.body.text());
  }
  await printAnswer(answer.body, (text) => process.stdout.write(text));
}

const program = new Command("npm run chat --")
  .argument("<prompt>", "what to say")
  .option("--model <name>", "served model name (default: the first one)")
  .option("--max-tokens <n>", "longest answer in tokens", tokenCount, 64)
  .action((prompt: string, options: Options) => runCommand(() => chat(prompt, options)));
void program.parseAsync();
