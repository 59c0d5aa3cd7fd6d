import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { platformFaults } from "../../cli/platform";

describe("the platform", () => {
  const paths = (node: string, platform: string): string[] => platformFaults(node, platform).map(({ path }) => path);

  it("is right here, and with any Node from the floor on", () => {
    assert.deepEqual(platformFaults(), []);
    for (const node of ["20.19.0", "20.20.2", "22.0.0", "24.1.0"]) assert.deepEqual(paths(node, "linux"), []);
  });

  it("is refused for an old Node and for anything but Linux, both at once", () => {
    for (const node of ["18.20.8", "20.18.3"]) assert.deepEqual(paths(node, "linux"), ["Node"]);
    assert.deepEqual(paths("20.19.0", "darwin"), ["platform"]);
    assert.deepEqual(paths("18.0.0", "win32"), ["Node", "platform"]);
  });

  it("is looked at before anything is loaded that an old Node cannot load", () => {
    // Stands in for an old Node, and lists what was loaded by the time the start has ended.
    const script = `
      require("tsx/cjs");
      Object.defineProperty(process.versions, "node", { value: "18.20.0" });
      process.on("exit", () => console.log(JSON.stringify(Object.keys(require.cache))));
      require("./cli/start.ts");`;
    const root = join(__dirname, "../..");
    const { stdout, stderr, status } = spawnSync(process.execPath, ["-e", script], { cwd: root, encoding: "utf8" });
    assert.equal(status, 1);
    assert.match(
      stderr,
      /This machine is not ready for the stack:\n {2}Node: found 18\.20\.0; expected 20\.19\.0 or newer/,
    );
    const loaded = JSON.parse(stdout.trim().split("\n").at(-1) ?? "[]") as string[];
    const own = loaded.map((file) => file.slice(root.length + 1)).filter((file) => !file.includes("node_modules/tsx"));
    const expected = ["catalog/versions.ts", "cli/command.ts", "cli/interrupt.ts", "cli/platform.ts", "cli/start.ts"];
    assert.deepEqual(
      own.filter((file) => !/^node_modules\/(picocolors|esbuild|get-tsconfig|resolve-pkg-maps)\//.test(file)).sort(),
      [...expected, "config/errors.ts"],
    );
  }).timeout(60_000);
});
