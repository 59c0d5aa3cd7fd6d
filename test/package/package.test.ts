/** The package as it is published, and what a program gets from it. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as components from "../../components";
import * as source from "../../tokenrack";
import { faultsOf, type Needs } from "../../tools/package/check";
import { installed, root, type Installed } from "./installed";

const needs = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Needs;

describe("the package", function () {
  this.timeout(420_000);
  let at: Installed;
  before(async () => {
    at = await installed();
  });
  const textOf = (file: string): string => readFileSync(join(at.packageDir, file), "utf8");
  const node = (...args: string[]): string =>
    execFileSync(process.execPath, args, { cwd: at.project, encoding: "utf8", env: { PATH: process.env["PATH"] } });

  it("has what components need at run time and nothing else, and names what it loads", () => {
    assert.deepEqual(faultsOf(at.files, textOf, needs), []);
  });

  it("loads in CommonJS and in ESM, and exports the same", () => {
    const names = Object.keys(source).sort();
    const print =
      "process.stdout.write(JSON.stringify(Object.keys(all).filter((key) => !['default', 'module.exports', '__esModule'].includes(key)).sort()))";
    assert.deepEqual(JSON.parse(node("-e", `const all = require("pulumi-tokenrack"); ${print}`)), names);
    const esm = `import * as all from "pulumi-tokenrack"; ${print}`;
    assert.deepEqual(JSON.parse(node("--input-type=module", "-e", esm)), names);
  });

  it("finds its scripts and bundles from where it is installed", () => {
    const read =
      'const { bundle } = require("pulumi-tokenrack"); for (const name of ["gateway", "download"]) process.stdout.write(`${bundle(name).length > 10000} `);';
    assert.equal(node("-e", read), "true true ");
    for (const [file, where] of [
      ["components/scripts.js", "scripts/gateway-wait.sh"],
      ["components/vfioHost.js", "scripts/vfio-main.sh"],
    ] as const) {
      assert.match(textOf(`dist/${file}`), /__dirname, "\.\.", "scripts"/);
      assert.equal(textOf(`dist/${where}`), readFileSync(join(root, where), "utf8"));
    }
  });

  it("lets nobody reach what is not exported", () => {
    const { status, stderr } = spawnSync(process.execPath, ["-e", 'require("pulumi-tokenrack/dist/plan/plan.js")'], {
      cwd: at.project,
      encoding: "utf8",
    });
    assert.notEqual(status, 0);
    assert.match(stderr, /ERR_PACKAGE_PATH_NOT_EXPORTED/);
  });

  it("exports every component but those of this machine's own stack", () => {
    const left = Object.keys(components).filter((name) => !(name in source));
    assert.deepEqual(left.toSorted(), ["LocalGateway", "LocalRay"]);
  });
});

describe("the look into the package", () => {
  const fine = ["README.md", "LICENSE", "CHANGELOG.md", "PulumiPlugin.yaml"];
  const look = (files: readonly string[], text: string, more: Partial<Needs> = {}): readonly string[] =>
    faultsOf(files, () => text, { dependencies: {}, peerDependencies: {}, ...more }).filter(
      (line) => !line.endsWith("is not in the package"),
    );

  const rows: readonly (readonly [title: string, found: readonly string[], faults: readonly RegExp[]])[] = [
    ["nothing that may be there", look([...fine, "dist/plan/plan.js"], ""), []],
    ["a test", look(["test/plan/fit.test.ts"], ""), [/test\/plan\/fit\.test\.ts does not belong/]],
    ["a page of the docs", look(["docs/package.md"], ""), [/does not belong/]],
    ["a simulator", look(["dist/sim/host/tree.js"], ""), [/does not belong/]],
    ["an unnamed package", look(["dist/plan/a.js"], 'require("zod/v4/core")'), [/^zod is loaded, and/]],
    [
      "an unnamed package of a type",
      look(["dist/plan/a.d.ts"], 'export declare const a: import("zod").ZodType;'),
      [/^zod is loaded/],
    ],
    ["a name for nothing", look([], "", { dependencies: { yaml: "1" } }), [/^yaml is a dependency of nothing/]],
    [
      "a second SDK",
      look(["dist/plan/a.js"], 'require("@pulumi/pulumi/provider")', { dependencies: { "@pulumi/pulumi": "3" } }),
      [/has to be a peer/],
    ],
    ["what a bundle has in it", look(["dist/gateway/dist/gateway.js"], 'require("redis")'), []],
  ];
  for (const [title, found, faults] of rows)
    it(`says ${faults.length === 0 ? "nothing of" : "that there is"} ${title}`, () => {
      assert.equal(found.length, faults.length, found.join("\n"));
      for (const [index, fault] of faults.entries()) assert.match(found[index] ?? "", fault);
    });

  it("says what is absent", () => {
    assert.ok(
      faultsOf(fine, () => "", { dependencies: {}, peerDependencies: {} }).includes(
        "dist/scripts/vfio-lib.sh is not in the package",
      ),
    );
  });
});
