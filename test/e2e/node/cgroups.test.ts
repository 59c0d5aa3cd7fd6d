import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { hierarchies, makeCgroup } from "../../../e2e/node/cgroups";

describe("e2e/node/cgroups: the hierarchies of a machine", () => {
  let root: string;
  beforeEach(() => (root = mkdtempSync(path.join(tmpdir(), "tokenrack cgroups-"))));
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const hierarchy = (name: string): void => {
    mkdirSync(path.join(root, name), { recursive: true });
    writeFileSync(path.join(root, name, "cgroup.procs"), "");
  };

  it("version 2 has one", () => {
    hierarchy("system.slice");
    writeFileSync(path.join(root, "cgroup.controllers"), "cpu memory\n");
    assert.deepEqual(hierarchies(root), [root]);
  });

  it("version 1 has one for each controller; a link is none of its own", () => {
    ["cpu,cpuacct", "memory", "unified"].forEach(hierarchy);
    symlinkSync("cpu,cpuacct", path.join(root, "cpu"));
    mkdirSync(path.join(root, "other"));
    assert.deepEqual(
      hierarchies(root).toSorted(),
      ["cpu,cpuacct", "memory", "unified"].map((name) => path.join(root, name)),
    );
  });

  /** As the kernel makes them with a group, with what they hold by default. */
  const group = (file: string, ...names: readonly string[]): readonly string[] =>
    names.map((name) => {
      mkdirSync(path.join(root, name), { recursive: true });
      writeFileSync(path.join(root, name, file), file === "cpu.shares" ? "1024\n" : "100\n");
      return path.join(root, name, file);
    });
  const weights = (files: readonly string[]): readonly string[] => files.map((file) => readFileSync(file, "utf8"));

  it("a group on version 1 weighs as much as a busy process on each processor", () => {
    ["cpu,cpuacct", "memory"].forEach(hierarchy);
    const files = group("cpu.shares", "cpu,cpuacct/mark", "cpu,cpuacct/mark/node");
    assert.equal(makeCgroup("mark", "node", root, 4), "/mark/node");
    assert.deepEqual(weights(files), ["4096", "4096"]);
    assert.deepEqual(readdirSync(path.join(root, "memory/mark/node")), []);
  });

  it("so it does on version 2, as far as the kernel goes", () => {
    hierarchy("");
    const files = group("cpu.weight", "mark", "mark/node");
    for (const one of ["", "mark"]) writeFileSync(path.join(root, one, "cgroup.controllers"), "cpu memory misc\n");
    for (const [processors, weight] of [
      [4, "400"],
      [256, "10000"],
    ] as const) {
      makeCgroup("mark", "node", root, processors);
      assert.deepEqual(weights(files), [weight, weight]);
    }
    assert.equal(readFileSync(path.join(root, "mark/cgroup.subtree_control"), "utf8"), "+cpu +memory");
  });
});
