import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { exitCodeOf, type Changes } from "../../../cli/preview/changes";
import type { HostLook } from "../../../cli/preview/look";
import { markdownOf } from "../../../cli/preview/markdown";
import { noPaint, paintFor } from "../../../cli/preview/paint";
import { explainChanges } from "../../../cli/preview/text";
import { cases } from "./cases";
import { changesOfCase } from "./fixtures";

const golden = (name: string): string => readFileSync(join(__dirname, "golden", name), "utf8");
const fileName = (name: string): string => name.toLowerCase().replaceAll(" ", "-");

const texts = ({ dangers }: Changes): string[] => dangers.map(({ kind, text }) => `${kind}: ${text}`);

/** By case: dangers, exit code, and resources that are created, updated, replaced, deleted. */
const expected: Readonly<Record<string, readonly [dangers: string[], code: number, counts: number[]]>> = {
  nothing: [[], 0, [0, 0, 0, 0]],
  "a GPU node added": [["reboot: srv8 may reboot"], 3, [11, 2, 0, 0]],
  "a host without GPUs added": [[], 0, [0, 0, 0, 0]],
  "a GPU in another slot": [
    [
      "reboot: srv1 may reboot",
      "downtime: GPU mapping w-gpu-1-0000:65:00.0 is deleted: its VM is without the GPU meanwhile",
    ],
    3,
    [1, 7, 1, 1],
  ],
  "consent to a reboot": [["reboot: srv2 may reboot"], 3, [0, 5, 0, 0]],
  "more memory for a pool": [[], 2, [0, 5, 3, 0]],
  "a pool on other hosts": [
    [
      "refused: an up refuses: w-db-1..3 are protected, and would go",
      "vm: VM w-db-1..3 deleted and made anew with an empty disk, out of the cluster meanwhile",
    ],
    3,
    [0, 2, 6, 0],
  ],
  "one node less": [["data: VM w-std-6 deleted with disk, drained before"], 3, [0, 2, 0, 3]],
  "a taint renamed": [["downtime: taints of w-db change: pods without that toleration are evicted"], 3, [0, 1, 0, 0]],
  "another image": [[], 2, [0, 0, 10, 0]],
  "another Kubernetes": [["cluster: Kubernetes Automatic -> 1.34: every node is drained in turn"], 3, [0, 2, 0, 0]],
  "a user added": [[], 2, [3, 0, 0, 0]],
};

/** Answers of the real engine, recorded; record.ts renews them. */
describe("the changes of a homelab", () => {
  it("are recorded for every case", () => assert.deepEqual(Object.keys(expected), Object.keys(cases)));

  for (const [name, [dangers, code, counts]] of Object.entries(expected)) {
    it(`tell what may hurt: ${name}`, () => {
      const changes = changesOfCase(name);
      const { create, update, replace, delete: gone } = changes.counts;
      assert.deepEqual([texts(changes), exitCodeOf(changes), [create, update, replace, gone]], [dangers, code, counts]);
    });

    it(`equal their golden text and comment: ${name}`, () => {
      const changes = changesOfCase(name);
      const text = explainChanges(changes, { width: 80, full: true, paint: noPaint });
      assert.equal(`${text}\n`, golden(`${fileName(name)}.txt`));
      const picture = "https://ci.my.org/plan.svg";
      assert.equal(markdownOf(changes, { picture }), golden(`${fileName(name)}.md`));
    });
  }

  it("have the same text with colours, and no line wider than asked for", () => {
    for (const name of Object.keys(cases)) {
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
  ...{ host, reached: true, reboot: [], mayReboot: true, writes: [], gpus: [], faults: [] },
  ...its,
});

describe("the changes of hosts that were looked at", () => {
  it("say who will reboot and why, and leave out who will not", () => {
    const why = ["the running kernel was started without iommu=pt"];
    const will = changesOfCase("a GPU node added", [look("srv8", { reboot: why })]);
    assert.deepEqual(will.dangers, [{ kind: "reboot", text: "srv8 will reboot", why }]);
    const not = changesOfCase("a GPU node added", [look("srv8")]);
    assert.deepEqual([not.dangers, exitCodeOf(not)], [[], 2]);
  });

  it("know nothing of a host that did not answer, and end as a fault", () => {
    const fault = { checked: "SSH", found: "nothing", expected: "the host", fix: "switch it on" };
    const changes = changesOfCase("a GPU node added", [look("srv8", { reached: false, faults: [fault] })]);
    assert.deepEqual([texts(changes), exitCodeOf(changes)], [["reboot: srv8 may reboot"], 1]);
    const text = explainChanges(changes, { width: 80, full: false, paint: noPaint });
    assert.match(
      text,
      /srv8 {2}not reached\n {6}checked {3}SSH\n {6}found {5}nothing\n {6}expected {2}the host\n {6}fix {7}switch it on/,
    );
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
