/** The workflow that publishes: who may, what runs before, and that no token is there to be taken. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { root } from "./installed";

interface Job {
  readonly needs?: string;
  readonly environment?: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly steps: readonly { readonly name?: string; readonly run?: string }[];
}

const text = readFileSync(join(root, ".github/workflows/publish.yml"), "utf8");
const workflow = parse(text) as { on: unknown; permissions: unknown; jobs: Readonly<Record<"check" | "publish", Job>> };
const { check, publish } = workflow.jobs;

describe("the workflow that publishes", () => {
  it("runs for tags of versions only", () => assert.deepEqual(workflow.on, { push: { tags: ["v*"] } }));

  it("lets only the job that publishes show who it is, after the checks and somebody's approval", () => {
    assert.deepEqual(workflow.permissions, {});
    assert.deepEqual(Object.keys(workflow.jobs), ["check", "publish"]);
    assert.deepEqual(check.permissions, { contents: "read" });
    assert.deepEqual(publish.permissions, { contents: "read", "id-token": "write" });
    assert.deepEqual([publish.needs, publish.environment], ["check", "npm"]);
  });

  it("checks everything before", () => {
    const runs = check.steps.flatMap(({ name, run }) => (run === undefined || name !== undefined ? [] : [run]));
    assert.deepEqual(runs, ["npm ci", "npm run lint", "npm run typecheck", "npm test", "npm run pack:check"]);
  });

  it("publishes with provenance and without a token", () => {
    assert.equal(publish.steps.at(-1)?.run, "npm publish --provenance --access public");
    assert.doesNotMatch(text, /secrets\.|_TOKEN/);
    const { publishConfig } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      publishConfig: unknown;
    };
    assert.deepEqual(publishConfig, { access: "public", provenance: true });
  });

  const [judge] = check.steps.filter(({ name }) => name?.startsWith("The tag") === true);
  for (const [tag, changelog, passes] of [
    ["v1.2.3", "# Changelog\n\n## 1.2.3\n", true],
    ["v1.2.4", "# Changelog\n\n## 1.2.3\n", false],
    ["v1.2.3", "# Changelog\n\n## Unreleased: 1.2.3\n", false],
  ] as const)
    it(`${passes ? "passes" : "refuses"} the tag ${tag} of version 1.2.3 with ${changelog.split("\n")[2]}`, () => {
      const directory = mkdtempSync(join(tmpdir(), "tokenrack-tag-"));
      try {
        writeFileSync(join(directory, "package.json"), '{ "version": "1.2.3" }');
        writeFileSync(join(directory, "CHANGELOG.md"), changelog);
        const env = { ...process.env, GITHUB_REF_NAME: tag };
        const { status } = spawnSync("bash", ["-e", "-c", judge?.run ?? ""], { cwd: directory, env });
        assert.equal(status === 0, passes);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    });
});
