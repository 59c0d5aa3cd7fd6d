import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parseAllDocuments } from "yaml";
import * as z from "zod";
import { parseDownloadConfig } from "../../download/loadConfig";
import { matcher, whyUnsafe } from "../../download/names";
import { UserFault } from "../../download/faults";

const source = { kind: "huggingface", repo: "Qwen/Qwen3-8B", revision: "main" };
const good = { source, volume: "/models", directory: "qwen3-8b/main" };

/** The paths of the faults. */
function faultsOf(raw: unknown): string[] {
  try {
    parseDownloadConfig(raw);
    return [];
  } catch (error) {
    assert.ok(error instanceof UserFault);
    return error.faults.map(({ path }) => path);
  }
}

describe("the downloader's configuration", () => {
  it("needs a source and a place, and has a default for the rest", () => {
    const config = parseDownloadConfig(good);
    assert.deepEqual(
      [config.parallel, config.allowPickle, config.verify, config.deadlineSeconds, config.lock.staleSeconds],
      [4, false, "sizes", 86_400, 120],
    );
    assert.deepEqual(config.source, { ...source, endpoint: "https://huggingface.co" });
  });

  const s3 = {
    kind: "s3",
    endpoint: "https://s3.eu-central-1.amazonaws.com",
    region: "eu-central-1",
    bucket: "models",
  };
  for (const [what, change, paths] of [
    ["an unknown key", { paralel: 3 }, ["paralel"]],
    ["an unknown kind of source", { source: { kind: "ftp" } }, ["source.kind"]],
    ["a repository that is none", { source: { ...source, repo: "../x" } }, ["source.repo"]],
    ["a revision with ..", { source: { ...source, revision: "a/../b" } }, ["source.revision"]],
    ["a hub without TLS", { source: { ...source, endpoint: "http://hub.lan" } }, ["source.endpoint"]],
    ["credentials in an address", { source: { ...source, endpoint: "https://a:b@hub.lan" } }, ["source.endpoint"]],
    ["path style with OSS", { source: { ...s3, kind: "oss", pathStyle: true } }, ["source.pathStyle"]],
    ["a path in an S3 endpoint", { source: { ...s3, endpoint: "https://s3.lan/bucket" } }, ["source.endpoint"]],
    ["a directory outside the volume", { directory: "../other" }, ["directory"]],
    ["a hidden directory", { directory: "a/.tokenrack-download" }, ["directory"]],
    ["the volume itself as directory", { directory: "." }, ["directory"]],
    ["pickles that are not allowed", { allow: ["*.safetensors", "*.bin"] }, ["allow[1]"]],
    ["a secret as a value", { token: "hf_abcdefgh" }, ["token"]],
    ["bounds the wrong way round", { size: { minBytes: 2, maxBytes: 1 } }, ["size"]],
    ["a lock that is stale too soon", { lock: { renewSeconds: 10, staleSeconds: 20 } }, ["lock.staleSeconds"]],
    ["all at once", { parallel: 0, verify: "no", deadlineSeconds: 1.5 }, ["parallel", "verify", "deadlineSeconds"]],
  ] as const)
    it(`refuses ${what}`, () => {
      assert.deepEqual(faultsOf({ ...good, ...change }), paths);
    });

  it("never prints a value that looks like a secret", () => {
    assert.throws(
      () => parseDownloadConfig({ ...good, source: { ...source, repo: "hf_abcdefgh" }, verify: "AKIAEXAMPLE" }),
      (error: Error) => !/hf_abc|AKIA/.test(error.message),
    );
  });
});

describe("the Job that the stack makes", () => {
  const golden = join(__dirname, "..", "render", "stages", "golden", "modelStore.a100.yaml");
  const job = z.object({
    kind: z.string(),
    data: z.object({ "config.json": z.string().optional() }).optional(),
    spec: z
      .object({
        template: z.object({ spec: z.object({ containers: z.array(z.object({ command: z.array(z.string()) })) }) }),
      })
      .optional()
      .catch(undefined),
  });
  const objects = parseAllDocuments(readFileSync(golden, "utf8")).flatMap((document) =>
    z.array(job).parse(document.toJS()),
  );

  it("is told only what this program knows, and gives the path of it as this program takes it", () => {
    const configs = objects.flatMap(({ data }) => data?.["config.json"] ?? []);
    assert.ok(configs.length > 0);
    for (const text of configs) assert.deepEqual(faultsOf(JSON.parse(text)), []);
    const commands = objects.flatMap(({ kind, spec }) =>
      kind === "Job" ? (spec?.template.spec.containers ?? []) : [],
    );
    assert.equal(commands.length, configs.length);
    // The bundle is started in the same way by process.test.ts.
    for (const { command } of commands)
      assert.match(command.join(" "), /^\/bin\/sh -c mkdir -p \S+ && exec node \S+\/download\.js \S+\/config\.json$/);
  });
});

describe("names that a source lists", () => {
  it("that are safe stay below a directory, whatever they are made of", () => {
    const part = fc.oneof(fc.constantFrom("..", ".", "", "a", "\\", "\0", ".tokenrack-x", "C:"), fc.string());
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
        const name = parts.join("/");
        if (whyUnsafe(name) !== undefined) return;
        const url = new URL(name.split("/").map(encodeURIComponent).join("/"), "file:///models/x/");
        assert.ok(url.pathname.startsWith("/models/x/") && !/\/\.{1,2}(\/|$)/.test(`/${name}`), name);
      }),
      { numRuns: 2000 },
    );
  });

  for (const [pattern, yes, no] of [
    ["*.json", ["config.json", "sub/config.json"], ["config.jsonl", "json"]],
    ["sub/*", ["sub/a.json"], ["sub/deep/a.json", "other/sub/a.json"]],
    ["sub/**", ["sub/a.json", "sub/deep/a.json"], ["subs/a.json"]],
    ["model-0000?-of-*.safetensors", ["model-00001-of-00002.safetensors"], ["model-00010-of-00020.safetensors"]],
    ["a+(b).txt", ["a+(b).txt"], ["aab.txt"]],
  ] as const)
    it(`match ${pattern} or do not`, () => {
      const match = matcher([pattern]);
      assert.deepEqual([yes.filter(match), no.filter(match)], [[...yes], []]);
    });
});
