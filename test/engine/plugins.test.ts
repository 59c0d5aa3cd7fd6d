import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { versions } from "../../catalog/versions";
import {
  PROVIDER_PLUGINS,
  resolvePlugins,
  type ResolvedPlugin,
  type ResolvePluginsOptions,
} from "../../engine/plugins";
import { isExecutableFile } from "../../engine/executables";

const HOUR = 3_600_000;

describe("engine/plugins: official plugin or stand-in", () => {
  let dir: string;
  let home: string;
  let said: string[];
  let installs: number;

  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), "tokenrack plugins-"));
    home = path.join(dir, "pulumi home");
    said = [];
    installs = 0;
  });
  afterEach(() => {
    rmSync(dir, { recursive: true, force: true });
  });

  const plugin = (folder: string): string => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "pulumi-resource-command"), "#!/bin/sh\n");
    chmodSync(path.join(folder, "pulumi-resource-command"), 0o755);
    return folder;
  };
  const installed = (version: string): string => plugin(path.join(home, "plugins", `resource-command-v${version}`));
  const decide = async (more: Partial<ResolvePluginsOptions> = {}): Promise<ResolvedPlugin> => {
    const [decision] = await resolvePlugins({
      cli: { command: "/nonexistent/pulumi", version: "3.250.0", source: "path" },
      cacheDir: path.join(dir, "cache"),
      env: { PATH: path.join(dir, "bin"), PULUMI_HOME: home },
      progress: (line) => said.push(line),
      install: () => {
        installs += 1;
        return Promise.resolve("no network here");
      },
      ...more,
    });
    assert.ok(decision);
    return decision;
  };

  it("takes the official plugin that is installed, or a newer one of the same major version", async () => {
    for (const version of ["1.2.1", "1.3.0"]) {
      const folder = installed(version);
      assert.deepEqual(await decide(), { name: "command", version: "1.2.1", kind: "official", dir: folder });
      rmSync(folder, { recursive: true });
    }
    assert.equal(installs, 0);
    assert.deepEqual(said, []);
  });

  it("takes one on PATH", async () => {
    const folder = plugin(path.join(dir, "bin"));
    assert.deepEqual(await decide(), { name: "command", version: "1.2.1", kind: "official", dir: folder });
  });

  it("takes no older one, no other major version, no half-installed one", async () => {
    installed("1.2.0");
    installed("4.5.0");
    installed("1.2.1");
    writeFileSync(path.join(home, "plugins", "resource-command-v1.2.1.partial"), "");
    assert.equal((await decide()).kind, "stand-in");
  });

  it("installs the official one when it can", async () => {
    const install = (): Promise<undefined> => {
      installed("1.2.1");
      return Promise.resolve(undefined);
    };
    assert.equal((await decide({ install })).kind, "official");
    assert.deepEqual(said, []);
  });

  it("else runs the stand-in, says so each time, and tries again only after 24 hours", async () => {
    const at = (ms: number): Partial<ResolvePluginsOptions> => ({ now: () => ms });
    const first = await decide(at(0));
    assert.equal(first.kind, "stand-in");
    assert.ok(isExecutableFile(path.join(first.dir, "pulumi-resource-command")));
    await decide(at(23 * HOUR));
    assert.equal(installs, 1);
    await decide(at(24 * HOUR));
    assert.equal(installs, 2);
    assert.deepEqual(
      said,
      Array(3).fill("provider command 1.2.1: running our stand-in, not the official plugin (no network here)"),
    );
  });

  it("takes an official plugin that the user installs meanwhile", async () => {
    assert.equal((await decide()).kind, "stand-in");
    installed("1.2.1");
    assert.equal((await decide()).kind, "official");
  });

  it("does the same for every provider of a platform, and asks its maker where that publishes it", async () => {
    const calls = path.join(dir, "calls");
    const pulumi = path.join(dir, "pulumi");
    writeFileSync(pulumi, `#!/bin/sh\necho "$@" >> '${calls}'\necho "no such version" >&2\nexit 1\n`);
    chmodSync(pulumi, 0o755);
    const asked: string[] = [];
    const fetched = globalThis.fetch;
    globalThis.fetch = (url) => {
      asked.push(String(url instanceof Request ? url.url : url));
      return Promise.resolve(new Response());
    };
    try {
      const found = await resolvePlugins({
        cli: { command: pulumi, version: "3.250.0", source: "path" },
        cacheDir: path.join(dir, "cache"),
        env: { PATH: path.join(dir, "bin"), PULUMI_HOME: home },
        progress: (line) => said.push(line),
        plugins: PROVIDER_PLUGINS.proxmox,
      });
      assert.deepEqual(
        found.map(({ name, kind }) => [name, kind]),
        [
          ["command", "stand-in"],
          ["proxmoxve", "stand-in"],
          ["kubernetes", "stand-in"],
        ],
      );
    } finally {
      globalThis.fetch = fetched;
    }
    assert.deepEqual(asked, ["https://get.pulumi.com/", "https://api.github.com/", "https://get.pulumi.com/"]);
    const { pluginCommand, pluginProxmoxve, pluginKubernetes } = versions;
    assert.deepEqual(readFileSync(calls, "utf8").trim().split("\n"), [
      `plugin install resource command ${pluginCommand} --non-interactive`,
      `plugin install resource proxmoxve ${pluginProxmoxve} --server github://api.github.com/muhlba91/pulumi-proxmoxve --non-interactive`,
      `plugin install resource kubernetes ${pluginKubernetes} --non-interactive`,
    ]);
    assert.match(
      said[1] ?? "",
      /^provider proxmoxve 8\.\S+: running our stand-in, not the official plugin \(its download failed: no such version\)$/,
    );
  });

  it("names the server that the provider's SDK names, and asks for no provider that a platform does not use", () => {
    const { pulumi } = JSON.parse(readFileSync(require.resolve("@muhlba91/pulumi-proxmoxve/package.json"), "utf8")) as {
      pulumi: { server: string; version: string };
    };
    const plugin = PROVIDER_PLUGINS.proxmox.find(({ name }) => name === "proxmoxve");
    assert.deepEqual([plugin?.server, plugin?.version], [pulumi.server, pulumi.version]);
    assert.deepEqual(
      Object.entries(PROVIDER_PLUGINS).map(([kind, list]) => [kind, list.map(({ name }) => name)]),
      [
        ["local", ["command"]],
        ["existing", ["command", "kubernetes"]],
        ["proxmox", ["command", "proxmoxve", "kubernetes"]],
      ],
    );
  });

  it("does not mind a damaged memory of failures", async () => {
    mkdirSync(path.join(dir, "cache"));
    writeFileSync(path.join(dir, "cache", "plugin-failures.json"), "{");
    assert.equal((await decide()).kind, "stand-in");
  });
});
