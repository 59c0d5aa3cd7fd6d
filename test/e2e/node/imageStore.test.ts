import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { recipes } from "../../../e2e/images/recipes";
import { importScript, storeImages } from "../../../e2e/node/imageStore";

describe("e2e/node/imageStore", () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(path.join(tmpdir(), "tokenrack store-"))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const built = (name: "ray" | "node", key: string) => ({
    recipe: recipes[name],
    key: key.repeat(64),
    root: `/c/${name} x`,
  });

  it("files go in once, however many names they have", async () => {
    const ray = built("ray", "a");
    const stored = await storeImages(dir, [
      ["rayproject/ray:2", ray],
      ["node:22", built("node", "b")],
      ["rayproject/ray-llm:2", ray],
    ]);
    assert.deepEqual(
      stored.map(({ snapshot, archives }) => [snapshot, archives.length]),
      [
        [`sha256:${"a".repeat(64)}`, 2],
        [`sha256:${"b".repeat(64)}`, 1],
      ],
    );
    const index = execFileSync("tar", ["-xOf", stored[1]?.archives[0] ?? "", "index.json"], { encoding: "utf8" });
    assert.match(index, /"io\.containerd\.image\.name":"docker\.io\/library\/node:22"/);
    const script = importScript("/usr/bin/ctr", "/run/n1/containerd.sock", stored);
    assert.equal(script.match(/snapshots commit /g)?.length, 2);
    assert.equal(script.match(/images import --no-unpack /g)?.length, 3);
    assert.match(script, /mount --bind '\/c\/ray x' "\$files"\nmount -o remount,bind,ro "\$files"/);
  });
});
