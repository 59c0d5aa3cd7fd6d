import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { UserError } from "../../config/errors";
import { findPulumiCli, PULUMI_VERSION, type FindCliOptions } from "../../engine/pulumiCli";

describe("engine/pulumiCli: where the CLI comes from", () => {
  let dir: string;
  let cacheDir: string;
  let bin: string;
  let said: string[];

  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), "tokenrack cli-"));
    cacheDir = path.join(dir, "cache");
    bin = path.join(dir, "bin");
    mkdirSync(bin);
    said = [];
  });
  afterEach(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  const script = (file: string, body: string): void => {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\n${body}\n`);
    chmodSync(file, 0o755);
  };
  const pulumi = (version: string): string => `echo v${version}`;
  const find = (more: Partial<FindCliOptions> = {}): ReturnType<typeof findPulumiCli> =>
    findPulumiCli({
      cacheDir,
      progress: (line) => said.push(line),
      env: { PATH: bin, HOME: dir },
      install: () => Promise.resolve("no network here"),
      ...more,
    });
  const cached = (): string => path.join(cacheDir, "pulumi", PULUMI_VERSION, "bin", "pulumi");
  /** A `go` that writes its `-o` argument as a CLI of this version. */
  const fakeGo = (version: string): void => {
    const write = `while [ "$1" != -o ]; do shift; done; /bin/mkdir -p "\${2%/*}"`;
    script(path.join(bin, "go"), `${write}; printf '#!/bin/sh\\necho v${version}\\n' > "$2"; /bin/chmod +x "$2"`);
  };

  it("takes one on PATH that is new enough, before the cache", async () => {
    script(path.join(bin, "pulumi"), pulumi("3.200.0"));
    script(cached(), pulumi(PULUMI_VERSION));
    assert.deepEqual(await find(), { command: path.join(bin, "pulumi"), version: "3.200.0", source: "path" });
  });

  it("leaves one on PATH that is too old, and says so", async () => {
    script(path.join(bin, "pulumi"), pulumi("3.199.9"));
    script(cached(), pulumi(PULUMI_VERSION));
    assert.deepEqual(await find(), { command: cached(), version: PULUMI_VERSION, source: "cache" });
    assert.match(said.join("\n"), /bin\/pulumi is version 3\.199\.9; 3\.200\.0 or newer/);
  });

  it("takes the cached one without a word and without running it", async () => {
    script(cached(), "exit 1");
    assert.equal((await find()).source, "cache");
    assert.deepEqual(said, []);
  });

  it("installs before it builds", async () => {
    fakeGo(PULUMI_VERSION);
    const install = (root: string): Promise<undefined> => {
      script(path.join(root, "bin", "pulumi"), pulumi(PULUMI_VERSION));
      return Promise.resolve(undefined);
    };
    assert.deepEqual(await find({ install }), { command: cached(), version: PULUMI_VERSION, source: "install" });
    assert.equal((await find()).source, "cache");
  });

  it("builds with Go when nothing can be installed", async () => {
    fakeGo(PULUMI_VERSION);
    assert.deepEqual(await find(), { command: cached(), version: PULUMI_VERSION, source: "build" });
    assert.match(said.join("\n"), /no network here[^]*building the Pulumi CLI/);
    assert.equal(readFileSync(cached(), "utf8"), `#!/bin/sh\necho v${PULUMI_VERSION}\n`);
  });

  it("lets Go use the home directory's caches, and its own where there is no home to write to", async () => {
    fakeGo(PULUMI_VERSION);
    const go = path.join(bin, "go");
    const noted = path.join(dir, "noted");
    script(go, `echo "$GOPATH|$GOCACHE|$GOFLAGS" > '${noted}'; ${readFileSync(go, "utf8").replace(/^#!.*\n/, "")}`);
    const cacheOf = async (env: NodeJS.ProcessEnv): Promise<string> => {
      rmSync(cacheDir, { recursive: true, force: true });
      assert.equal((await find({ env: { PATH: bin, ...env } })).source, "build");
      return readFileSync(noted, "utf8").trim();
    };
    const ours = path.join(cacheDir, "go");
    assert.equal(await cacheOf({ HOME: dir }), "||");
    assert.equal(await cacheOf({ HOME: path.join(dir, "gone") }), `${ours}|${ours}/build|-modcacherw`);
    assert.equal(await cacheOf({ GOPATH: "/mine", GOFLAGS: "-x" }), `/mine|${ours}/build|-x -modcacherw`);
  });

  it("keeps nothing of a build that failed or is another version", async () => {
    fakeGo("3.1.0");
    await assert.rejects(find(), /build: it calls itself 3\.1\.0, expected/);
    script(path.join(bin, "go"), "echo 'some/pkg: out of memory' >&2; exit 1");
    await assert.rejects(find(), /build: some\/pkg: out of memory/);
    assert.deepEqual(readdirSync(path.join(cacheDir, "pulumi")), []);
  });

  it("says in one message all that was tried and the fix", async () => {
    await assert.rejects(find(), (error) => {
      assert.ok(error instanceof UserError);
      assert.equal(
        error.message,
        `No usable Pulumi CLI. Tried:\n` +
          `  PATH: no \`pulumi\` on PATH\n` +
          `  cache: ${cached()} is not there yet\n` +
          `  download: no network here\n` +
          `  build: no \`go\` on PATH to build it with\n` +
          `Fix: install Pulumi 3.200.0 or newer (https://www.pulumi.com/docs/install/) so that \`pulumi\` is on PATH, ` +
          `or install Go 1.25 or newer (https://go.dev/doc/install) and run again.`,
      );
      return true;
    });
  });
});
