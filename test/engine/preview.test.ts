import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { previewStack, secretText, unknownText, type PreviewOptions, type PreviewStep } from "../../engine/preview";
import { CACHE_DIR, failure, findEngine, TestProject, type Engine } from "./harness";

const canary = "CANARY-of-a-secret";

/** The real engine on a copy of a real state; commands would show themselves in the project's log. */
describe("a preview on copies", function () {
  this.timeout(120_000);
  let engine: Engine;
  let project: TestProject;

  before(async function () {
    this.timeout(31 * 60_000);
    engine = await findEngine("command");
  });
  beforeEach(() => (project = new TestProject(engine)));
  afterEach(() => project.remove());

  interface Its {
    readonly text?: string;
    readonly trigger?: string;
    readonly protect?: boolean;
  }
  /** A command that is made anew on another trigger, and one that takes its output and a secret. */
  const program =
    ({ text = "one", trigger = "1", protect = false }: Its = {}): PulumiFn =>
    () => {
      const create = project.logs(text);
      const first = new command.local.Command(
        "first",
        { create, triggers: [trigger] },
        { protect, deleteBeforeReplace: true },
      );
      new command.local.Command("second", {
        create: project.logs("second"),
        environment: { TEXT: first.stdout, KEY: pulumi.secret(canary) },
      });
      return Promise.resolve({});
    };

  const ask = (its: Its, more: Partial<PreviewOptions> = {}) =>
    previewStack({
      ...{ stackName: "dev", project: "probe", programDir: project.dir, config: {}, secrets: {} },
      ...{ program: program(its), cacheDir: CACHE_DIR, ...engine },
      env: { ...process.env, PULUMI_CONFIG_PASSPHRASE: "of a test" },
      ...more,
    });
  const env = () => ({ ...process.env, PULUMI_CONFIG_PASSPHRASE: "of a test" });
  /** The state that an up has left. */
  const upped = async (its: Its = {}): Promise<string> => {
    await (await project.open(program(its), { env: env() })).up();
    project.takeLog();
    return readFileSync(join(project.stateDir, "backend", ".pulumi", "stacks", "probe", "dev.json"), "utf8");
  };
  const brief = (steps: readonly PreviewStep[]): string[] => steps.map(({ op, name }) => `${op} ${name}`);
  const leftovers = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("tokenrack-preview-"));

  it("of nothing recorded makes everything, runs nothing and leaves nothing", async () => {
    const before = leftovers();
    const { steps, graph } = await ask({}, { graph: true });
    assert.deepEqual(brief(steps).sort(), ["create default_1_2_1", "create first", "create second"]);
    const names = (urn: string): string => urn.split("::").at(-1) ?? "";
    const second = [...(graph ?? [])].find(([urn]) => names(urn) === "second");
    assert.deepEqual(second?.[1].map(names).sort(), ["default_1_2_1", "first", "probe-dev"]);
    assert.deepEqual([project.takeLog(), leftovers()], [[], before]);
  });

  it("of a recorded state says what differs, with no secret, and leaves the state as it is", async () => {
    const state = await upped();
    const untouched = project.stateText("backend");
    assert.deepEqual([...new Set((await ask({}, { state })).steps.map(({ op }) => op))], ["same"]);
    const { steps } = await ask({ text: "two" }, { state });
    const first = steps.find(({ name }) => name === "first");
    assert.deepEqual(
      [first?.op, first?.changed.map(({ path, kind, replaces }) => [path, kind, replaces])],
      ["update", [["create", "update", false]]],
    );
    assert.match(String(first?.changed[0]?.after), /two/);
    const second = steps.find(({ name }) => name === "second");
    assert.ok(second?.changed.every(({ after }) => after === secretText || after === unknownText));
    assert.ok(!JSON.stringify(steps).includes(canary));
    assert.deepEqual([project.stateText("backend"), project.takeLog()], [untouched, []]);
  });

  it("tells that a protected resource would be made anew, and why, where the engine would only refuse", async () => {
    const state = await upped({ protect: true });
    const { steps } = await ask({ trigger: "2", protect: true }, { state });
    const first = steps.find(({ name }) => name === "first");
    assert.deepEqual([first?.op, first?.protect], ["replace", true]);
    assert.deepEqual(
      first?.changed.map(({ path, replaces }) => [path, replaces]),
      [["triggers[0]", true]],
    );
  });

  it("ends with what the program says, and with what a wrong passphrase does not open", async () => {
    const refuses: PulumiFn = () => Promise.reject(new Error("the program's own words"));
    await assert.rejects(ask({}, { program: refuses }), /the program's own words/);
    const state = await upped();
    const wrong = { ...process.env, PULUMI_CONFIG_PASSPHRASE: "another" };
    assert.match(await failure(ask({}, { state, env: wrong })), /does not open the state/);
  });
});
