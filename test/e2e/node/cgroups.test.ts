import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { hierarchies } from "../../../e2e/node/cgroups";

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
});
