import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { exitCodeOf, type Changes } from "../../../cli/preview/changes";
import { failureMarkdown, failureOf } from "../../../cli/preview/failure";
import type { HostLook } from "../../../cli/preview/look";
import { markdownOf } from "../../../cli/preview/markdown";
import { noPaint, paintFor } from "../../../cli/preview/paint";
import { explainChanges } from "../../../cli/preview/text";
import { UserError } from "../../../config/errors";
import { cases, fileOf } from "./cases";
import { expected } from "./expected";
import { baseOf, changesOfCase, planOf } from "./fixtures";

/** The text of a golden file; with `UPDATE_GOLDEN=1` it is this one from now on. */
function assertGolden(name: string, ending: string, text: string): void {
  const file = join(__dirname, "golden", fileOf(name, ending));
  if (process.env["UPDATE_GOLDEN"] === "1") {
    mkdirSync(join(__dirname, "golden"), { recursive: true });
    writeFileSync(file, text);
  }
  assert.equal(text, existsSync(file) ? readFileSync(file, "utf8") : "");
}

const texts = ({ dangers }: Changes): string[] => dangers.map(({ kind, text }) => `${kind}: ${text}`);

const fitting = Object.entries(cases).flatMap(([name, { unfit }]) => (unfit === true ? [] : [name]));

/** Answers of the real engine, recorded; record.ts renews them. */
describe("the changes of stacks that were brought up", () => {
  it("are recorded for every case", () => assert.deepEqual(Object.keys(expected), fitting));

  for (const [name, [dangers, code, counts]] of Object.entries(expected)) {
    it(`tell what may hurt: ${name}`, () => {
      const changes = changesOfCase(name);
      const { create, update, replace, delete: gone } = changes.counts;
      assert.deepEqual([texts(changes), exitCodeOf(changes), [create, update, replace, gone]], [dangers, code, counts]);
    });

    it(`equal their golden text and comment: ${name}`, () => {
      const changes = changesOfCase(name);
      const text = explainChanges(changes, { width: 80, full: true, paint: noPaint });
      assertGolden(name, "txt", `${text}\n`);
      assertGolden(name, "md", markdownOf(changes));
    });
  }

  it("name an address of the picture where one is given", () => {
    const comment = markdownOf(changesOfCase("nothing"), { picture: "https://ci.my.org/a plan.svg" });
    assert.ok(comment.includes("![plan of homelab](https://ci.my.org/a%20plan.svg)"));
  });

  it("have the same text with colours, and no line wider than asked for", () => {
    for (const name of fitting) {
      const changes = changesOfCase(name);
      const plain = explainChanges(changes, { width: 80, full: false, paint: noPaint });
      const coloured = explainChanges(changes, { width: 80, full: false, paint: paintFor({ isTTY: true }, true) });
      assert.equal(stripVTControlCharacters(coloured), plain);
      assert.notEqual(coloured, plain);
      for (const line of plain.split("\n")) assert.ok(line.length <= 80, line);
    }
  });
});

const look = (host: string, its: Partial<HostLook> = {}): HostLook => ({
  ...{ host, reached: true, reboot: [], mayReboot: true, writes: [], drift: [], gpus: [], faults: [] },
  ...its,
});

describe("the changes of hosts that were looked at", () => {
  it("say who will reboot and why, and leave out who will not", () => {
    const why = ["the running kernel was started without iommu=pt"];
    const will = changesOfCase("consent to a reboot", [look("srv2", { reboot: why })]);
    assert.deepEqual(will.dangers, [{ kind: "reboot", text: "srv2 will reboot", why }]);
    const not = changesOfCase("consent to a reboot", [look("srv2")]);
    assert.deepEqual([not.dangers, exitCodeOf(not)], [[], 2]);
  });

  it("know nothing of a host that did not answer, and end as a fault", () => {
    const fault = { checked: "SSH", found: "nothing", expected: "the host", fix: "switch it on" };
    const changes = changesOfCase("consent to a reboot", [look("srv2", { reached: false, faults: [fault] })]);
    assert.deepEqual([texts(changes), exitCodeOf(changes)], [["reboot: srv2 may reboot"], 1]);
    const text = explainChanges(changes, { width: 80, full: false, paint: noPaint });
    assert.match(
      text,
      /srv2 {2}not reached\n {6}checked {3}SSH\n {6}found {5}nothing\n {6}expected {2}the host\n {6}fix {7}switch it on/,
    );
  });
});

describe("a stack that does not fit any more", () => {
  for (const [name, { stack, unfit }] of Object.entries(cases)) {
    if (unfit !== true) continue;
    it(`has a comment with every fault, and with the plan that it had: ${name}`, () => {
      try {
        planOf(name);
        assert.fail("it fits");
      } catch (error) {
        assertGolden(name, "md", failureMarkdown(failureOf(stack, error, baseOf(name))));
      }
    });
  }

  it("shows a message where there is no list of faults, and hides no mistake of ours", () => {
    const comment = failureMarkdown(failureOf("rack", new UserError("no CLI\n```\n  fix: install it")));
    assert.ok(comment.includes("### rack: ❌ no preview\n\n````text\nno CLI\n```\n  fix: install it\n````\n"), comment);
    assert.throws(() => failureOf("rack", new TypeError("ours")), /ours/);
  });
});

describe("a comment", () => {
  it("turns no text into markup, and calls nobody", () => {
    const changes = changesOfCase("a taint renamed");
    const [danger] = changes.dangers;
    assert.ok(danger !== undefined);
    const hostile = { ...changes, dangers: [{ ...danger, text: "<script> @admin [x](y) `z` | #1", why: [] }] };
    const comment = markdownOf(hostile);
    assert.ok(comment.includes("\\<script\\> @\u200badmin \\[x\\](y) \\`z\\` \\| \\#1"));
  });

  it("stays below what GitHub takes, and says how much it left out", () => {
    const changes = changesOfCase("more memory for a pool");
    const stages = changes.stages.map((stage) => ({ ...stage, changes: Array(500).fill(stage.changes).flat() }));
    const comment = markdownOf({ ...changes, stages });
    assert.ok(comment.length < 65_536, String(comment.length));
    assert.match(comment, /# \d+ more lines: npm run preview -- --full/);
  });
});
