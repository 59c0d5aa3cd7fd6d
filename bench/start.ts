/**
 * `npm run bench:start`: warm `npm start` to its first token against bare vLLM serving the same model, on the same
 * machine, in the same run. Needs no stack to run in this checkout. Prints one JSON line a run and one with the ratios.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";
import { environmentDirectory } from "../local/pythonEnv";
import { writeTinyLlama } from "../local/tinyLlama";

/** Most that warm `npm start` may take, as a multiple of bare vLLM. */
const target = 1.5;
const rounds = 2;

const checkout = resolve(__dirname, "..");
const cache = join(checkout, ".tokenrack", "cache");

const print = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
const seconds = (since: number): number => Math.round((Date.now() - since) / 100) / 10;

/** Runs an npm script to its end, quietly. @returns seconds */
async function npm(script: string): Promise<number> {
  const begun = Date.now();
  const child = spawn("npm", [script], { cwd: checkout, stdio: ["ignore", "ignore", "inherit"] });
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) throw new Error(`npm ${script} ended with ${code}`);
  return seconds(begun);
}

async function answers(port: number): Promise<boolean> {
  try {
    await (await request(`http://127.0.0.1:${port}/health`)).body.dump();
    return true;
  } catch {
    return false;
  }
}

async function oneToken(port: number, model: string): Promise<boolean> {
  try {
    const answer = await request(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model, messages: [{ role: "user", content: "Hello" }], max_tokens: 1 }),
    });
    const body = await answer.body.text();
    return answer.statusCode === 200 && body.includes('"completion_tokens":1');
  } catch {
    return false;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const closed = once(child, "close");
  process.kill(-child.pid, "SIGTERM"); // Its own process group: the engine's processes end with it.
  const timer = setTimeout(() => process.kill(-(child.pid ?? 0), "SIGKILL"), 10_000);
  await closed;
  clearTimeout(timer);
}

/** Bare vLLM from start to its first token. @returns seconds */
async function bare(model: string, flags: readonly string[], extra: Record<string, string> = {}): Promise<number> {
  const port = 18_080;
  if (await answers(port)) throw new Error(`port ${port} is taken`);
  const python = join(environmentDirectory(cache, "cpu"), "bin", "python");
  const log = join(tmpdir(), "tokenrack-bench-vllm.log");
  const output = openSync(log, "w");
  const begun = Date.now();
  const listen = ["--host", "127.0.0.1", "--port", String(port)];
  // The module and not the `vllm` command, which looks for a distribution named vllm and fails with vllm-cpu.
  const child = spawn(python, ["-m", "vllm.entrypoints.openai.api_server", "--model", model, ...listen, ...flags], {
    stdio: ["ignore", output, output],
    detached: true,
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "", VLLM_NO_USAGE_STATS: "1", HF_HUB_OFFLINE: "1", ...extra },
  });
  try {
    while (!(await oneToken(port, model))) {
      if (child.exitCode !== null || Date.now() - begun > 300_000) {
        throw new Error(`bare vLLM gives no token: see ${log}`);
      }
      await sleep(100);
    }
    return seconds(begun);
  } finally {
    await end(child);
    closeSync(output);
  }
}

const least = (values: readonly number[]): number => Math.min(...values);
const ratio = (a: number, b: number): number => Math.round((a / b) * 100) / 100;

async function main(): Promise<void> {
  if (existsSync(join(checkout, ".tokenrack", "choices.json")))
    throw new Error("a stack runs in this checkout: run `npm stop` first");
  const scratch = mkdtempSync(join(tmpdir(), "tokenrack-bench-"));
  const model = join(scratch, "tiny-llama");
  writeTinyLlama(model);
  const times = { start: [] as number[], bare: [] as number[], bareSameFlags: [] as number[] };
  // What the plan gives the engine, so that one ratio compares like with like; the other takes vLLM as it comes.
  const sameFlags = ["--enforce-eager", "--kv-cache-memory-bytes", "67108864", "--max-model-len", "2048"];
  // As vLLM comes, it would take nearly all of the machine's memory for the KV cache, and minutes to set that up.
  const oneGib = { VLLM_CPU_KVCACHE_SPACE: "1" };
  const add = (what: keyof typeof times, took: number): void => {
    times[what].push(took);
    print({ bench: "start", what, seconds: took });
  };
  try {
    await npm("start"); // Installs and compiles what is missing, so that the runs below are warm.
    await npm("stop");
    await bare(model, [], oneGib);
    for (let round = 0; round < rounds; round++) {
      add("bare", await bare(model, [], oneGib));
      add("bareSameFlags", await bare(model, sameFlags));
      add("start", await npm("start"));
      await npm("stop");
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  print({
    bench: "start",
    ratio: ratio(least(times.start), least(times.bare)),
    ratioSameFlags: ratio(least(times.start), least(times.bareSameFlags)),
    target,
  });
}

void main();
