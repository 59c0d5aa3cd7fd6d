import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { environmentDirectory, isInstalled } from "../../../../local/pythonEnv";
import { serveConfigOf } from "../../../../render/stages/served/serveConfig";
import { committed, committedServed, servedOf } from "../../../plan/stages/servedCases";
import { everything, kept, mixed } from "./cases";

const root = join(__dirname, "../../../..");
const python = join(environmentDirectory(join(root, ".tokenrack", "cache"), "cpu"), "bin", "python");

interface Answer {
  readonly faults: readonly string[];
  readonly known: Readonly<Record<string, readonly string[]>>;
}

/** What the classes of the local Python environment say of Serve configs. */
async function hold(configs: readonly object[]): Promise<Answer> {
  const child = spawn(python, [join(__dirname, "classes.py")], { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end(JSON.stringify(configs));
  const text = { out: "", err: "" };
  child.stdout.on("data", (part: Buffer) => (text.out += part.toString()));
  child.stderr.on("data", (part: Buffer) => (text.err += part.toString()));
  const [code] = (await once(child, "close")) as [unknown];
  assert.equal(code, 0, text.err.slice(-2000));
  return JSON.parse(text.out.trim().split("\n").at(-1) ?? "") as Answer;
}

describe("the classes of ray.serve.llm and vLLM", function () {
  this.timeout(300_000);

  before(() => {
    const there = isInstalled(environmentDirectory(join(root, ".tokenrack", "cache"), "cpu")) && existsSync(python);
    assert.ok(there, "needs the local Python environment with Ray and vLLM: `npm start` installs it");
  });

  it("take the Serve config of every stack, with all that can be asked for, and know the keys that are committed", async () => {
    const plans = [...committed.map(committedServed), ...[everything, mixed, kept].map(servedOf)];
    const { faults, known } = await hold(plans.map(serveConfigOf));
    assert.deepEqual(faults, []);
    const fixture = JSON.parse(readFileSync(join(__dirname, "classes.json"), "utf8")) as Answer;
    assert.deepEqual(known, fixture.known);
  });

  it("refuse what they do not know: an engine argument, a key, a card, a parallel size without its bundles", async () => {
    const text = JSON.stringify(serveConfigOf(committedServed("a100")));
    const broken = [
      text.replace('"max_num_seqs"', '"max_seqs"'),
      text.replace('"deployment_config"', '"deploy_config"'),
      text.replace('"A100"', '"A800"'),
      text.replace('"pipeline_parallel_size":2', '"pipeline_parallel_size":4'),
    ].map((one) => JSON.parse(one) as object);
    const { faults } = await hold(broken);
    const wanted = [
      /Unknown engine argument: max_seqs/,
      /deploy_config/,
      /Unsupported accelerator type/,
      /2 bundles for 4 ranks/,
    ];
    assert.equal(faults.length, wanted.length, faults.join("\n"));
    for (const [index, pattern] of wanted.entries()) assert.match(faults[index] ?? "", pattern);
  });
});
