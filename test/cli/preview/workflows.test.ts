/** The workflows of the checks: pinned, with least rights, and with nothing in them that this repository does not have. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { commentMark } from "../../../cli/preview/comment";
import { previewCommand } from "../../../cli/preview/options";

const root = resolve(__dirname, "../../..");
const directory = join(root, ".github/workflows");
const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: Record<string, string> };

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, unknown>>;
}
interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
  readonly "timeout-minutes"?: number;
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: unknown;
  readonly jobs: Readonly<Record<string, Job>>;
}

const textOf = (name: string): string => readFileSync(join(directory, name), "utf8");
const workflows = new Map(readdirSync(directory).map((name) => [name, parse(textOf(name)) as Workflow]));
const jobs = [...workflows].flatMap(([file, { jobs: all }]) =>
  Object.entries(all).map(([name, job]) => ({ title: `${file}: ${name}`, file, job })),
);
const gitlab = readFileSync(join(root, ".gitlab-ci.yml"), "utf8");

/** Of the checks; a workflow that publishes needs other rights. */
const ours = ["drift.yml", "preview-comment.yml", "preview.yml", "up.yml"];

describe("the workflows", () => {
  it("are those that the docs speak of", () => {
    const docs = readFileSync(join(root, "docs/pr-checks.md"), "utf8");
    for (const name of ours) assert.ok(workflows.has(name) && docs.includes(name), name);
  });

  it("pin every action by its commit, and say which version that is", () => {
    const lines = [...workflows.keys()]
      .flatMap((name) => textOf(name).split("\n"))
      .filter((line) => /\buses:/.test(line));
    assert.ok(lines.length >= 8);
    for (const line of lines) assert.match(line, /uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it("pin one version of an action everywhere", () => {
    const pins = new Map<string, Set<string>>();
    for (const { job } of jobs)
      for (const { uses } of job.steps) {
        const [name = "", commit = ""] = uses?.split("@") ?? [];
        if (uses !== undefined) pins.set(name, (pins.get(name) ?? new Set()).add(commit));
      }
    for (const [name, commits] of pins) assert.equal(commits.size, 1, name);
  });

  it("give no right to a workflow as a whole, and name those of each job", () => {
    for (const name of ours) assert.deepEqual(workflows.get(name)?.permissions, {}, name);
    for (const { title, job } of jobs.filter(({ file }) => ours.includes(file))) {
      assert.ok(job.permissions !== undefined && Object.keys(job.permissions).length > 0, title);
      assert.ok(job["timeout-minutes"] !== undefined, title);
    }
  });

  it("let only the comment write, in a job that runs nothing of the change", () => {
    const writing = jobs.filter(
      ({ file, job }) => ours.includes(file) && Object.values(job.permissions ?? {}).includes("write"),
    );
    assert.deepEqual(
      writing.map(({ title, job }) => [title, job.permissions]),
      [["preview-comment.yml: comment", { actions: "read", "pull-requests": "write" }]],
    );
    for (const { job } of writing) {
      assert.ok(job.steps.every(({ uses, run = "" }) => uses === undefined && !/\b(npm|npx|node|git) /.test(run)));
    }
  });

  it("run a change's code without secrets, and never by pull_request_target", () => {
    for (const [name, { on }] of workflows) {
      assert.ok(!("pull_request_target" in on), name);
      if ("pull_request" in on) assert.doesNotMatch(textOf(name), /\bsecrets\./, name);
    }
  });

  it("keep no credentials of git in a checkout", () => {
    const checkouts = jobs
      .flatMap(({ job }) => job.steps)
      .filter(({ uses }) => uses?.startsWith("actions/checkout@") === true);
    assert.ok(checkouts.length > 3);
    for (const step of checkouts) assert.equal(step.with?.["persist-credentials"], false);
  });

  it("hand what a stranger may write to a shell by the environment only", () => {
    for (const { title, job } of jobs) for (const { run } of job.steps) assert.doesNotMatch(run ?? "", /\$\{\{/, title);
  });

  it("use secrets only behind an environment", () => {
    for (const { title, job } of jobs) {
      if (ours.some((name) => title.startsWith(name)) && JSON.stringify(job).includes("secrets."))
        assert.ok(job.environment !== undefined, title);
    }
  });

  it("bring nothing up without an approval", () => {
    const ups = jobs.filter(({ job }) => job.steps.some(({ run }) => /pulumi up/.test(run ?? "")));
    assert.deepEqual(
      ups.map(({ job }) => job.environment),
      ["production-${{ matrix.stack }}"],
    );
  });

  it("find the comment by the line that it starts with", () => {
    assert.ok(textOf("preview-comment.yml").includes(`startswith("${commentMark}")`));
    assert.ok(gitlab.includes(`startswith("${commentMark}")`));
  });
});

describe("commands in the workflows", () => {
  const texts = [...workflows.keys()].map(textOf).concat(gitlab);
  const calls = texts.flatMap((text) => [
    ...text.matchAll(/npm run (?:--silent )?([\w:-]+)(?: --((?: [^\n>|)]+)*))?/g),
  ]);

  it("are scripts of package.json", () => {
    assert.ok(calls.length >= 3);
    for (const [, name = ""] of calls) assert.ok(name in scripts, name);
  });

  it("have options that the preview knows", () => {
    const known = previewCommand().options.flatMap(({ long }) => long ?? []);
    for (const [, , rest = ""] of calls)
      for (const [option] of rest.matchAll(/--[\w-]+/g)) assert.ok(known.includes(option), option);
  });

  const [judge] = workflows.get("preview.yml")?.jobs["preview"]?.steps.filter(({ name }) => name === "Judge") ?? [];
  const rows: readonly (readonly [code: string, allowed: string, passes: boolean])[] = [
    ["0", "false", true],
    ["2", "false", true],
    ["3", "false", false],
    ["3", "true", true],
    ["1", "true", false],
    ["", "true", false],
  ];
  for (const [code, allowed, passes] of rows) {
    it(`${passes ? "pass" : "fail"} a preview that ended with "${code}", dangers ${allowed === "true" ? "" : "not "}allowed`, () => {
      assert.ok(judge?.run !== undefined);
      const { status } = spawnSync("bash", ["-e", "-c", judge.run], {
        env: { ...process.env, CODE: code, ALLOWED: allowed },
      });
      assert.equal(status === 0, passes);
    });
  }

  it("are shell that bash can read", () => {
    const lists = Object.values(parse(gitlab, { merge: true }) as Record<string, { script?: readonly string[] }>);
    const scriptsOf = lists.flatMap((job) => job.script ?? []);
    assert.ok(scriptsOf.length > 10);
    for (const text of [...jobs.flatMap(({ job }) => job.steps.flatMap(({ run }) => run ?? [])), ...scriptsOf]) {
      const { status, stderr } = spawnSync("bash", ["-n", "-c", text], { encoding: "utf8" });
      assert.equal(status, 0, `${text}\n${stderr}`);
    }
  });
});
